"""Which encoders a run asks for, before any of them is built."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from artbench.encoders.build import build_encoder
from artbench.encoders.checkpoint import checkpoint_file, checkpoint_name
from artbench.encoders.encoder import Encoder
from artbench.plugins import Registry
from artbench.records.folder import sha256_of
from artbench.records.record import Record
from artbench.reporting import Reporter
from artbench.specs import BackboneSpec, PretrainingSpec


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A backbone and a pretraining that can become an encoder.

    Attributes:
        backbone: The backbone.
        pretraining: The pretraining, or the file of a checkpoint.
        pretraining_name: Its name on record: for a checkpoint, that of its file.
        checkpoint_sha256: Digest of the checkpoint's file; None for a pretraining.
        seed: Of the run.
        plugins: Version of each distribution that provides backbone or pretraining.
    """

    backbone: BackboneSpec
    pretraining: PretrainingSpec | Path
    pretraining_name: str
    checkpoint_sha256: str | None
    seed: int
    plugins: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.backbone.name}, {self.pretraining_name}"

    def build(self, reporter: Reporter) -> Encoder:
        """Make the encoder.

        Raises:
            ArtbenchError: As `build_encoder` does.
        """
        return build_encoder(self.backbone, self.pretraining, seed=self.seed, reporter=reporter)

    def made(self, record: Record) -> bool:
        """Whether a record is of this encoder."""
        if (record.backbone, record.pretraining) != (self.backbone.name, self.pretraining_name):
            return False
        if isinstance(self.pretraining, Path):
            return record.encoder.checkpoint_sha256 == self.checkpoint_sha256
        return not self.pretraining.seeded or record.provenance.seed == self.seed


def candidates(
    backbones: Sequence[str], pretrainings: Sequence[str], *, registry: Registry, seed: int
) -> Iterator[Candidate]:
    """Every backbone with every pretraining, each pair once, in the order given.

    A pretraining that is a path, or names an existing file or folder and no pretraining, is a checkpoint.

    Raises:
        UsageError: A name is unknown or ambiguous.
        ArtbenchError: A checkpoint is not there.
    """
    for backbone, pretraining in product(dict.fromkeys(backbones), dict.fromkeys(pretrainings)):
        entry, spec = registry.backbones.find(backbone)
        plugins = {entry.distribution: registry.version_of(entry)}
        if _is_path(pretraining, registry):
            file = checkpoint_file(Path(pretraining).expanduser())
            yield Candidate(
                backbone=spec,
                pretraining=file,
                pretraining_name=checkpoint_name(Path(pretraining)),
                checkpoint_sha256=sha256_of(file),
                seed=seed,
                plugins=plugins,
            )
        else:
            source, method = registry.pretrainings.find(pretraining)
            yield Candidate(
                backbone=spec,
                pretraining=method,
                pretraining_name=method.name,
                checkpoint_sha256=None,
                seed=seed,
                plugins=plugins | {source.distribution: registry.version_of(source)},
            )


def _is_path(pretraining: str, registry: Registry) -> bool:
    if any(spec.name == pretraining for _, spec in registry.pretrainings.specs()):
        return False
    looks_like_one = "/" in pretraining or "\\" in pretraining or Path(pretraining).suffix in _SUFFIXES
    return looks_like_one or Path(pretraining).exists()


_SUFFIXES = {".safetensors", ".pth", ".pt", ".ckpt", ".tar", ".bin"}
