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
        parameters: Number of parameters.
        feature_dim: Length of a feature vector.
        input_size: Side of the crop in pixels.
    """

    parameters: int | None = None
    feature_dim: int | None = None
    input_size: int | None = None


# Returns the sizes of the backbone that a record names; None if it is not known here.
Sizes: TypeAlias = Callable[[Record], EncoderSizes | None]


def check_sizes(record: Record, sizes: Sizes, about: FileFindings) -> None:
    """Report sizes that are not those of the backbone."""
    known = sizes(record)
    if known is None:
        about.unchecked(f"parameters, feature_dim and input_size of {record.backbone}: it is not known here")
        return
    for name in ("parameters", "feature_dim", "input_size"):
        expected, given = getattr(known, name), getattr(record.encoder, name)
        if expected is None:
            about.unchecked(f"{name} of {record.backbone}: it can't be counted without weights")
        elif expected != given:
            about.fault(f"{record.backbone} has the {name} {expected:,} here; the record says {given:,}")
