"""Compares the sizes of an encoder on record with those of its backbone as it is known here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from artbench.leaderboard.validation.findings import FileFindings
from artbench.records.record import Record


@dataclass(frozen=True, kw_only=True)
class EncoderSizes:
    """Sizes of a backbone; None: not known.

    Attributes:
        impossible: Why the backbone can't be as it is named; empty if it can.
        name: Name of the backbone on record, without choices that are its own.
        parameters: Number of parameters.
        feature_dim: Length of a feature vector.
        input_size: Side of the crop in pixels.
        pooling: How its features are pooled; empty if it does not say.
    """

    impossible: str = ""
    name: str | None = None
    parameters: int | None = None
    feature_dim: int | None = None
    input_size: int | None = None
    pooling: str | None = None


# Returns the sizes of the backbone that a record names; None if it is not known here.
Sizes: TypeAlias = Callable[[Record], EncoderSizes | None]


def check_sizes(record: Record, sizes: Sizes, about: FileFindings) -> None:
    """Report sizes and pooling that are not those of the backbone."""
    known = sizes(record)
    if known is None:
        about.unchecked(f"parameters, feature_dim and input_size of {record.backbone}: it is not known here")
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
    for name in ("parameters", "feature_dim", "input_size"):
        here, given = getattr(known, name), getattr(record.encoder, name)
        if here is None:
            about.unchecked(f"{name} of {record.backbone}: it can't be counted without weights")
        elif here != given:
            about.fault(f"{record.backbone} has the {name} {here:,} here; the record says {given:,}")
