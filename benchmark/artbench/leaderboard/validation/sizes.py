"""Compares the sizes of an encoder on record with those of its backbone as it is known here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from artbench.leaderboard.validation.findings import FileFindings
from artbench.records.encoder_state import SeenState
from artbench.records.record import Record, backbone_name


@dataclass(frozen=True, kw_only=True)
class EncoderSizes:
    """Sizes of a backbone; None: not known.

    Attributes:
        impossible: Why there is no such backbone, or pretraining; empty if there is.
        name: Name of the backbone on record, without choices that are its own.
        parameters: Number of parameters.
        feature_dim: Length of a feature vector.
        input_size: Side of the crop in pixels.
        pooling: How its features are pooled; empty if it does not say.
        seen: What the weights of the record's pretraining were trained on; None: not known here.
    """

    impossible: str = ""
    name: str | None = None
    parameters: int | None = None
    feature_dim: int | None = None
    input_size: int | None = None
    pooling: str | None = None
    seen: SeenState | None = None


_CLEANEST = ("clean", "unknown", "contaminated")
# Returns the sizes of the backbone that a record names; None if it is not known here.
Sizes: TypeAlias = Callable[[Record], EncoderSizes | None]
# The same of each of several records, in their order.
SizesOfEach: TypeAlias = Callable[[Iterable[Record]], Iterable[EncoderSizes | None]]


def check_sizes(record: Record, known: EncoderSizes | None, about: FileFindings) -> None:
    """Report sizes and pooling that are not those of the backbone as it is known here."""
    if known is None:
        about.unchecked(f"parameters, feature_dim and input_size of {backbone_name(record)}: it is not known here")
        return
    if known.impossible:
        about.fault(known.impossible)
        return
    if known.name not in (None, record.backbone):
        about.fault(f"{record.backbone} is {known.name}")
    # Records of artbench 0.1 do not say where their features were read; what a name says is checked without plugins.
    told = record.encoder.layer is not None and "pool=" not in record.backbone
    if told and known.pooling not in (None, record.encoder.pooling or ""):
        about.fault(
            f"{record.backbone} has the pooling {known.pooling or None} here; the record says {record.encoder.pooling}"
        )
    _check_corpus(record, known.seen, about)
    for name in ("parameters", "feature_dim", "input_size"):
        here, given = getattr(known, name), getattr(record.encoder, name)
        if here is None:
            about.unchecked(f"{name} of {record.backbone}: it can't be counted without weights")
        elif here != given:
            about.fault(f"{record.backbone} has the {name} {here:,} here; the record says {given:,}")


def _check_corpus(record: Record, known: SeenState | None, about: FileFindings) -> None:
    """Report published weights that are said to have been trained on something else, or to be cleaner, than here."""
    encoder = record.encoder
    # Weights from a file are not the published ones, whatever its name.
    if known is None or encoder.seen is None or encoder.checkpoint_sha256 is not None:
        return
    given = encoder.seen
    cleaner = _CLEANEST.index(given.state) < _CLEANEST.index(known.state)
    if given.corpus != known.corpus or cleaner:
        about.fault(
            f"encoder.seen says {given.corpus}, {given.state}; {record.pretraining} weights of {record.backbone} are "
            f"of {known.corpus}, {known.state}"
        )
