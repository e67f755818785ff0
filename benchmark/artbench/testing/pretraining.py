"""Checks of a pretraining that provides weights, and the entry to the checks of one that trains."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from artbench.data.dataset import Dataset
from artbench.encoders.backbone import Backbone
from artbench.encoders.build import build_backbone, load_weights, seeded
from artbench.encoders.weights import Weights
from artbench.errors import ArtbenchError
from artbench.runtime.findings import Finding
from artbench.specs import BackboneSpec, PretrainingSpec
from artbench.testing import checks
from artbench.testing.built_backbone import check_mean_and_std, digest_of
from artbench.testing.checks import Broken, Fault, some
from artbench.testing.method import METHOD_CHECKS, prepare_method
from artbench.testing.tiny import BACKBONE

# The root of a file system, a home, a drive.
_LOCAL = re.compile(r"(^|[\s(])(/|~/|[A-Za-z]:\\)")


def check_pretraining(
    spec: PretrainingSpec | str,
    *,
    backbone: BackboneSpec | str | None = None,
    pictures: Dataset | None = None,
    settings: Mapping[str, Any] | None = None,
    plugins: Sequence[checks.PathLike] = (),
) -> None:
    """Load weights into a backbone, or train one for a few steps, and run every check on the result.

    Args:
        spec: The pretraining, or its registered name.
        backbone: The backbone, or its name; None: a network of a few thousand parameters. The pretraining must have
            weights for it.
        pictures: Images to train on; None: 36 small generated ones.
        settings: Settings of a method that trains, in addition to the few steps and small crops that the checks set.
        plugins: Python files that hold plugins, in addition to the installed ones.

    Raises:
        ContractError: It breaks the contract; lists every failure with what to change.
        UsageError: No pretraining or backbone has that name.
        ArtbenchError: The pretraining has no weights for the backbone, so that nothing could be checked.

    Examples:
        >>> from artbench.testing import check_pretraining
        >>> check_pretraining("random")
    """
    registry = checks.registered(plugins)
    if isinstance(spec, str):
        spec = registry.pretrainings.get(spec)
    if isinstance(backbone, str):
        backbone = registry.backbones.get(backbone)
    found = examine_pretraining(spec, backbone=backbone, pictures=pictures, settings=settings)
    checks.demand(f"pretraining {spec.name}", found)


def examine_pretraining(
    spec: PretrainingSpec,
    *,
    backbone: BackboneSpec | None = None,
    pictures: Dataset | None = None,
    settings: Mapping[str, Any] | None = None,
) -> list[Finding]:
    """Return every finding about a pretraining, including the checks that pass; arguments as in `check_pretraining`.

    Raises:
        ArtbenchError: The pretraining has no weights for the backbone.

    Examples:
        >>> from artbench.plugins import load_plugins
        >>> from artbench.testing import examine_pretraining
        >>> spec = load_plugins().pretrainings.get("random")
        >>> {finding.status for finding in examine_pretraining(spec)}
        {'PASS'}
    """
    network = backbone or BACKBONE
    if spec.method is None:
        return checks.run_checks(lambda: _ask(spec, network, seed=0), WEIGHTS_CHECKS)
    with TemporaryDirectory(prefix="artbench-check-") as folder:
        return checks.run_checks(
            lambda: prepare_method(spec, network, pictures, settings or {}, Path(folder)), METHOD_CHECKS
        )


@dataclass(frozen=True, kw_only=True)
class GivenWeights:
    """The weights that a pretraining gives for one backbone; `before` is the digest of the backbone's own weights."""

    spec: PretrainingSpec
    network: BackboneSpec
    backbone: Backbone
    before: str
    weights: Weights


def _ask(spec: PretrainingSpec, network: BackboneSpec, *, seed: int) -> GivenWeights:
    assert spec.weights is not None
    factory = checks.factory_of(spec.weights, name="weights")
    mend = "Raise ArtbenchError(what is wrong, mend=what to do) for a backbone that it has no weights for"
    with seeded(seed):
        backbone = build_backbone(network)
        before = digest_of(backbone.module.state_dict())
        try:
            weights = checks.call_factory(factory, backbone, returns=Weights, mend=mend, name="weights")
        except Broken as broken:
            if not isinstance(broken.__cause__, ArtbenchError):
                raise
            message = f"it has no weights for the backbone {network.name} ({broken.__cause__.message})"
            mend = "Name one that it has weights for: check_pretraining(…, backbone=…), or --backbone"
            raise ArtbenchError(message, mend=mend) from broken
    return GivenWeights(spec=spec, network=network, backbone=backbone, before=before, weights=weights)


def state(given: GivenWeights) -> Iterator[Fault]:
    """Weights are tensors, with the names they have in the backbone's module."""
    weights, own = given.weights.state, given.backbone.module.state_dict()
    if odd := [str(name) for name, tensor in weights.items() if not isinstance(tensor, torch.Tensor)]:
        yield Fault(f"{len(odd)} of its weights are not tensors: {some(odd)}", "Give a state dict")
    others = [name for name in weights if name not in own]
    if others and len(others) < len(weights):
        message = f"{len(others)} of its weights do not belong to {given.network.name}: {some(others)}"
        yield Fault(message, "Leave them out: they are mentioned at every run", "WARN")


def load(given: GivenWeights) -> Iterator[Fault]:
    """Every weight of the backbone is set, in its shape, to finite numbers."""
    module, mend = build_backbone(given.network).module, "Name them as module.state_dict()"
    try:
        load_weights(module, given.weights.state, origin="it", backbone=given.network.name, mend=mend)
    except ArtbenchError as error:
        yield Fault(error.message, error.mend)


def source(given: GivenWeights) -> Iterator[Fault]:
    """The source of the weights is stated in a few words, without a local folder."""
    text = given.weights.source
    if not isinstance(text, str) or not text.strip() or "\n" in text:
        yield Fault(f"source is {text!r}", "Say in one line where the weights are from: it goes on record")
    elif _LOCAL.search(text):
        mend = "Name the weights and not their place on this machine: it goes on record"
        yield Fault(f"source names a local folder: {checks.shortened(text)}", mend)


def preprocessing(given: GivenWeights) -> Iterator[Fault]:
    """Mean and std, where the weights have their own, are three numbers each, of RGB in [0, 1]."""
    mean, std = given.weights.mean, given.weights.std
    yield from check_mean_and_std((0, 0, 0) if mean is None else mean, (1, 1, 1) if std is None else std)


def digest(given: GivenWeights) -> Iterator[Fault]:
    """Two calls under one seed give the same weights."""
    if digest_of(_ask(given.spec, given.network, seed=0).weights.state) != digest_of(given.weights.state):
        mend = "Draw from torch's global generator, which artbench seeds; or read them from a file"
        yield Fault("two calls under one seed give different weights", mend)


def seed(given: GivenWeights) -> Iterator[Fault]:
    """`seeded` states whether the weights depend on the run's seed."""
    other = _ask(given.spec, given.network, seed=1)
    depends = digest_of(other.weights.state) != digest_of(given.weights.state)
    if depends and not given.spec.seeded:
        mend = "State seeded=True: else a run under another seed takes the record of the first for its own"
        yield Fault("another seed gives different weights, and seeded is False", mend)
    if not depends and given.spec.seeded and digest_of(other.backbone.module.state_dict()) != given.before:
        mend = "State seeded=False: else the same encoder is evaluated again for every seed"
        yield Fault("another seed gives the same weights, and seeded is True", mend, "WARN")


WEIGHTS_CHECKS = [state, load, source, preprocessing, digest, seed]
