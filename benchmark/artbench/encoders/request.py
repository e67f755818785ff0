"""Which encoders a run asks for, before any of them is built."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Protocol, TypeAlias

from artbench.encoders.build import build_encoder, canonical
from artbench.encoders.checkpoint_path import checkpoint_file, checkpoint_name, is_checkpoint, not_trained
from artbench.encoders.encoder import Encoder
from artbench.plugins.registry import Registry
from artbench.records.record import Record
from artbench.runtime.files import sha256_of
from artbench.runtime.progress import Reporter
from artbench.specs import BackboneSpec, PretrainingSpec


class Training(Protocol):
    """What has to be trained before there is an encoder."""

    @property
    def name(self) -> str:
        """The method."""
        ...

    @property
    def key(self) -> str:
        """Tells it from every other training: 64 hexadecimal digits."""
        ...

    def encoder_file(self, *, device: str, workers: int | None, reporter: Reporter) -> Path:
        """The checkpoint of the encoder; trained first where it is not there.

        Args:
            device: To train on.
            workers: Threads that read images; None: chosen by the machine.
            reporter: Receives progress and notices.

        Raises:
            ArtbenchError: The training fails, or was asked to stop.
        """
        ...


NetworkKey: TypeAlias = tuple[str, str, str | None]


@dataclass(frozen=True, kw_only=True)
class EncoderRequest:
    """A backbone and a pretraining that can become an encoder.

    Attributes:
        backbone: The backbone.
        pretraining: The pretraining, or the file of a checkpoint.
        pretraining_name: Its name on record: for a checkpoint, that of its file.
        checkpoint_sha256: Digest of the checkpoint's file; None for a pretraining.
        training: What has to be trained, where the pretraining is a method.
        seed: Seed of the run.
        plugins: Version of each distribution that provides backbone or pretraining.
    """

    backbone: BackboneSpec
    pretraining: PretrainingSpec | Path
    pretraining_name: str
    checkpoint_sha256: str | None
    training: Training | None = None
    seed: int
    plugins: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.backbone.name}, {self.pretraining_name}"

    def build(self, reporter: Reporter, *, device: str = "cpu", workers: int | None = None) -> Encoder:
        """Make the encoder; train it first where the pretraining is a method whose checkpoint is not in the cache.

        Args:
            reporter: Receives progress and notices.
            device: To train on.
            workers: See `Training.encoder_file`.

        Raises:
            ArtbenchError: As `build_encoder` and `Training.encoder_file` do.
        """
        if self.training is not None:
            file = self.training.encoder_file(device=device, workers=workers, reporter=reporter)
            trained = build_encoder(self.backbone, file, seed=self.seed, reporter=reporter)
            return replace(trained, pretraining=self.pretraining_name, source=f"trained by {self.training.name}")
        return build_encoder(self.backbone, self.pretraining, seed=self.seed, reporter=reporter)

    @property
    def network(self) -> NetworkKey:
        """What encoders have in common that differ in layer and pool alone."""
        return self.backbone.network, self.pretraining_name, self.checkpoint_sha256

    def made(self, record: Record) -> bool:
        """Whether a record is of this encoder."""
        if (record.backbone, record.pretraining) != (self.backbone.name, self.pretraining_name):
            return False
        if isinstance(self.pretraining, Path):
            return record.encoder.checkpoint_sha256 == self.checkpoint_sha256
        if self.training is not None:
            return record.encoder.training is not None and record.encoder.training.key == self.training.key
        return not self.pretraining.seeded or record.provenance.seed == self.seed


def by_network(requests: Iterable[EncoderRequest]) -> list[list[EncoderRequest]]:
    """Put encoders together that are one network with the same weights, read at several layers or pools."""
    found: dict[NetworkKey, list[EncoderRequest]] = {}
    for one in requests:
        found.setdefault(one.network, []).append(one)
    return list(found.values())


def encoder_requests(
    backbones: Sequence[str],
    pretrainings: Sequence[str],
    *,
    registry: Registry,
    seed: int,
    trainings: Callable[[str, str], Training] | None = None,
) -> Iterator[EncoderRequest]:
    """Every backbone with every pretraining, each pair once, in the order given.

    A pretraining that is a path, or names an existing file or folder and no pretraining, is a checkpoint.

    Args:
        backbones: Names.
        pretrainings: Names and paths.
        registry: What there is.
        seed: Seed of the run.
        trainings: Gives the training by a pretraining that is a method, of a backbone; None: nothing is trained.

    Raises:
        UsageError: A name is unknown or ambiguous, or a pretraining has to be trained first.
        ArtbenchError: A checkpoint is not there.
    """
    found = (registry.backbones.find(backbone) for backbone in dict.fromkeys(backbones))
    named = {spec.name: (entry, spec) for entry, spec in ((entry, canonical(spec)) for entry, spec in found)}
    for (entry, spec), pretraining in product(named.values(), dict.fromkeys(pretrainings)):
        plugins = {entry.distribution: registry.version_of(entry)}
        if is_checkpoint(pretraining, registry):
            file = checkpoint_file(Path(pretraining).expanduser())
            yield EncoderRequest(
                backbone=spec,
                pretraining=file,
                pretraining_name=checkpoint_name(Path(pretraining)),
                checkpoint_sha256=sha256_of(file),
                seed=seed,
                plugins=plugins,
            )
        else:
            source, method = registry.pretrainings.find(pretraining)
            training = None
            if method.method is not None:
                if trainings is None:
                    raise not_trained(method.name)
                training = trainings(pretraining, spec.network)
            yield EncoderRequest(
                backbone=spec,
                pretraining=method,
                pretraining_name=method.name,
                checkpoint_sha256=None,
                training=training,
                seed=seed,
                plugins=plugins | {source.distribution: registry.version_of(source)},
            )
