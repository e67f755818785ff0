"""The encoders that a run asks for, before any of them is built."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from artbench.encoders.checkpoint_path import checkpoint_file, checkpoint_name, is_checkpoint, not_trained
from artbench.encoders.normalisation import Normalisation
from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.registry import Registry
from artbench.records.record import Record
from artbench.runtime.files import sha256_of
from artbench.runtime.names import problem_of, shown_name
from artbench.runtime.progress import Reporter
from artbench.specs import BackboneSpec, PretrainingSpec

if TYPE_CHECKING:
    from artbench.encoders.encoder import Encoder


class Training(Protocol):
    """What has to be trained before there is an encoder."""

    @property
    def name(self) -> str:
        """Name of the method."""

    @property
    def key(self) -> str:
        """Digest of everything that determines the result: 64 hexadecimal digits."""

    def encoder_file(self, *, device: str, workers: int | None, reporter: Reporter) -> Path:
        """Return the encoder's checkpoint; train it first if it does not exist.

        Args:
            device: Device to train on.
            workers: Threads that read images; None: what suits the machine.
            reporter: Receives progress and notices.

        Raises:
            ArtbenchError: The training fails, or a signal stopped it.
        """


NetworkKey: TypeAlias = tuple[str, str, str | None]


@dataclass(frozen=True, kw_only=True)
class EncoderRequest:
    """A backbone and a pretraining that can become an encoder.

    Attributes:
        backbone: The backbone.
        pretraining: The pretraining, or the file of a checkpoint.
        pretraining_name: Name on record of the pretraining or of the checkpoint's file.
        checkpoint_sha256: Digest of the checkpoint's file; None for a pretraining.
        training: Training to do first if the pretraining is a method.
        seed: Seed of the run.
        plugins: Version of each distribution that provides backbone or pretraining.
        normalisation: Mean and standard deviation that were given for the checkpoint; None: what it is built with.
    """

    backbone: BackboneSpec
    pretraining: PretrainingSpec | Path
    pretraining_name: str
    checkpoint_sha256: str | None
    training: Training | None = None
    seed: int
    plugins: Mapping[str, str]
    normalisation: Normalisation | None = None

    def __str__(self) -> str:
        return f"{self.backbone.name}, {self.pretraining_name}"

    def build(self, reporter: Reporter, *, device: str = "cpu", workers: int | None = None) -> "Encoder":
        """Build the encoder; train it first if the pretraining is a method whose checkpoint is not in the cache.

        Args:
            reporter: Receives progress and notices.
            device: Device to train on.
            workers: Threads that read images for the training; None: what suits the machine.

        Raises:
            ArtbenchError: As `build_encoder` and `Training.encoder_file` do.
        """
        # Torch takes seconds to import, and a plan of runs builds nothing.
        from artbench.encoders.build import build_encoder

        if self.training is not None:
            file = self.training.encoder_file(device=device, workers=workers, reporter=reporter)
            trained = build_encoder(self.backbone, file, seed=self.seed, reporter=reporter)
            return replace(trained, pretraining=self.pretraining_name, source=f"trained by {self.training.name}")
        return build_encoder(
            self.backbone, self.pretraining, seed=self.seed, normalisation=self.normalisation, reporter=reporter
        )

    @property
    def network(self) -> NetworkKey:
        """What encoders have in common that differ in layer and pool alone."""
        return self.backbone.network, self.pretraining_name, self.checkpoint_sha256

    def made(self, record: Record) -> bool:
        """Whether a record was made with this encoder."""
        if (record.backbone, record.pretraining) != (self.backbone.name, self.pretraining_name):
            return False
        if record.encoder.backbone_version != self.backbone.version:
            return False
        if isinstance(self.pretraining, Path):
            given = given_on_record(record)
            return (record.encoder.checkpoint_sha256, given) == (self.checkpoint_sha256, self.normalisation)
        if self.training is not None:
            return record.encoder.training is not None and record.encoder.training.key == self.training.key
        return not self.pretraining.seeded or record.provenance.seed == self.seed


def given_on_record(record: Record) -> Normalisation | None:
    """The mean and standard deviation that were given when a record was made; None if none were."""
    given = record.encoder.normalisation
    return None if given is None else Normalisation(given.mean, given.std)


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
    normalisation: Normalisation | None = None,
    trainings: Callable[[str, str], Training] | None = None,
) -> Iterator[EncoderRequest]:
    """Yield every backbone with every pretraining, each pair once, in the order given.

    A pretraining that is a path, or names an existing file or folder and no pretraining, is a checkpoint.

    Args:
        backbones: Names of backbones.
        pretrainings: Names of pretrainings, and paths of checkpoints.
        registry: The loaded plugins.
        seed: Seed of the run.
        normalisation: Mean and standard deviation for the checkpoints; None: what each is built with.
        trainings: Returns the training for a method and a backbone; None: nothing is trained.

    Raises:
        UsageError: A name is unknown or ambiguous, a pretraining has to be trained first, or a mean is given and no
            checkpoint.
        ArtbenchError: A checkpoint does not exist.
    """
    if normalisation is not None and not any(is_checkpoint(one, registry) for one in pretrainings):
        raise UsageError(
            "--mean and --std are for checkpoints, and no pretraining is one", mend="Published weights bring their own"
        )
    found = (registry.backbones.find(backbone) for backbone in dict.fromkeys(backbones))
    named = {spec.name: (entry, spec) for entry, spec in ((entry, _canonical(spec)) for entry, spec in found)}
    for (entry, spec), pretraining in product(named.values(), dict.fromkeys(pretrainings)):
        plugins = {entry.distribution: registry.version_of(entry)}
        source: PretrainingSpec | Path
        training = digest = None
        if is_checkpoint(pretraining, registry):
            source, name = checkpoint_file(Path(pretraining).expanduser()), checkpoint_name(Path(pretraining))
            if why := problem_of(name):
                raise ArtbenchError(
                    f"a record can't have the pretraining {shown_name(name)}: it {why}", mend="Rename the checkpoint"
                )
            digest = sha256_of(source)
        else:
            owner, source = registry.pretrainings.find(pretraining)
            name = source.name
            plugins |= {owner.distribution: registry.version_of(owner)}
            if source.method is not None:
                if trainings is None:
                    raise not_trained(name)
                training = trainings(pretraining, spec.network)
        yield EncoderRequest(
            backbone=spec,
            pretraining=source,
            pretraining_name=name,
            checkpoint_sha256=digest,
            training=training,
            seed=seed,
            plugins=plugins,
            normalisation=normalisation if isinstance(source, Path) else None,
        )


def _canonical(spec: BackboneSpec) -> BackboneSpec:
    if not spec.variant.choices:
        # Without torch.
        return spec
    from artbench.encoders.build import canonical

    return canonical(spec)
