"""Bringing published weights into the caches that runs read them from, so that a run needs no network."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Literal

from artbench.encoders.build import build_encoder, canonical, unseeded
from artbench.encoders.checkpoint_path import checkpoint_file, is_checkpoint
from artbench.encoders.hub import UnreachableError, from_cache_alone
from artbench.encoders.published_file import PublishedFile
from artbench.errors import ArtbenchError
from artbench.plugins.registry import Registry
from artbench.runtime.progress import Reporter
from artbench.specs import BackboneSpec, PretrainingSpec
from artbench.specs.variants import sweep


@dataclass(frozen=True, kw_only=True)
class FetchedWeights:
    """What became of the weights of one encoder.

    Attributes:
        backbone: Name of the network, without a choice of layer or pool, which need the same weights.
        pretraining: Name of the pretraining, or path of a checkpoint.
        status: `fetched`; `there`, if they were in the cache before; `not needed`, if nothing is published that the
            encoder would load; `failed`.
        reason: Why they are not needed, or failed, and what to do; otherwise what was compared.
        address: Where the file is published; empty if that is not known.
        path: The file in the cache; None if there is none, or that is not known.
        bytes: Its size; None likewise.
        verified: Whether its digest is the one that its source states; None if it states none, or there is no file.
    """

    backbone: str
    pretraining: str
    status: Literal["fetched", "there", "not needed", "failed"]
    reason: str
    address: str = ""
    path: Path | None = None
    bytes: int | None = None
    verified: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON has them."""
        return {**asdict(self), "path": None if self.path is None else str(self.path)}


def fetch(
    backbones: Sequence[str],
    pretrainings: Sequence[str],
    *,
    registry: Registry,
    offline: bool = False,
    reporter: Reporter,
) -> Iterator[FetchedWeights]:
    """Fetch the weights of every backbone with every pretraining, each network once, and load them once.

    Names are checked by the call; the rest is done as the results are taken. One that fails does not end the others.

    Args:
        backbones: Names of backbones, which may have ranges such as `resnet18@layer=1..4`.
        pretrainings: Names of pretrainings, and paths of checkpoints.
        registry: The loaded plugins.
        offline: Use no network: look at what is in the caches.
        reporter: Receives notices.

    Raises:
        UsageError: A name is unknown, or there is no such checkpoint.
        ArtbenchError: A checkpoint is not a file.
    """
    specs = [registry.backbones.get(name) for asked in backbones for name in sweep(asked)]
    sources: dict[str, PretrainingSpec | None] = {}
    for name in pretrainings:
        if is_checkpoint(name, registry):
            checkpoint_file(Path(name).expanduser())
            sources[name] = None
        else:
            sources[name] = registry.pretrainings.get(name)
    networks = {spec.network: spec.without("layer", "pool") for spec in specs}
    return _fetched(networks, sources, offline, reporter)


def cached_weights(spec: BackboneSpec, source: PretrainingSpec) -> Path | None:
    """Return the file of published weights that is in the caches, without a network; None if there is none.

    None as well if it has another digest than its source states, or the plugin does not say which file it is.

    Raises:
        ArtbenchError: The backbone can't be built.
    """
    published = unseeded(canonical(spec)).files.get(source.name)
    if published is None:
        return None
    with from_cache_alone(True):
        found = published().cached()
        return None if found is None or published().differs(found) else found


def _fetched(
    networks: dict[str, BackboneSpec], sources: dict[str, PretrainingSpec | None], offline: bool, reporter: Reporter
) -> Iterator[FetchedWeights]:
    for (network, spec), (name, source) in product(networks.items(), sources.items()):
        with from_cache_alone(offline):
            try:
                yield replace(_fetched_one(spec, source, reporter), backbone=network, pretraining=name)
            except ArtbenchError as error:
                yield FetchedWeights(backbone=network, pretraining=name, status="failed", reason=str(error))


def _fetched_one(spec: BackboneSpec, source: PretrainingSpec | None, reporter: Reporter) -> FetchedWeights:
    known = FetchedWeights(backbone=spec.name, pretraining="", status="not needed", reason="")
    if source is None:
        return replace(known, reason="the checkpoint is a file of yours")
    if source.method is not None:
        return replace(known, reason="artbench trains them when they are first used")
    if source.seeded:
        return replace(known, reason="they are made from the seed of a run")
    spec = canonical(spec)
    backbone = unseeded(spec)
    if not any(True for _ in backbone.module.parameters()):
        return replace(known, reason="the backbone has nothing to learn")
    if source.name not in backbone.files:
        build_encoder(spec, source, seed=0, reporter=reporter)
        return replace(known, status="there", reason="they load; their plugin does not say from which file")
    return _compared(known, backbone.files[source.name](), spec, source, reporter)


def _compared(
    known: FetchedWeights, file: PublishedFile, spec: BackboneSpec, source: PretrainingSpec, reporter: Reporter
) -> FetchedWeights:
    """Load weights whose file is known, and compare the file before and after."""
    before = file.cached()
    if before is not None and file.differs(before):
        return _differing(known, file, before)
    try:
        build_encoder(spec, source, seed=0, reporter=reporter)
    except UnreachableError as error:
        reason = f"{error.message}. The file: {file.address}. {file.by_hand or error.mend}."
        return replace(known, status="failed", address=file.address, reason=reason)
    path = file.cached()
    if path is None:
        reason = "they load, but not from the file that their plugin names"
        return replace(known, status="there", address=file.address, reason=reason)
    differs = file.differs(path)
    if differs:
        return _differing(known, file, path)
    compared = "its source states no digest" if differs is None else "its digest is the published one"
    return replace(
        _of(known, file, path),
        status="there" if path == before else "fetched",
        verified=None if differs is None else True,
        reason=f"{compared}, and every weight of the network is in it",
    )


def _of(known: FetchedWeights, file: PublishedFile, path: Path) -> FetchedWeights:
    return replace(known, address=file.address, path=path, bytes=path.stat().st_size)


def _differing(known: FetchedWeights, file: PublishedFile, path: Path) -> FetchedWeights:
    what = f"{path} is not the published file: its digest is another"
    mend = f"Remove {path.resolve()}, and fetch it again"
    return replace(_of(known, file, path), status="failed", verified=False, reason=f"{what}. {mend}.")
