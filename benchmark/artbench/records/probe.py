"""The weights of a record's probe, kept beside it so that its predictions can be checked on a few images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.records.parquet import OtherFileError, StoredTable
from artbench.records.record import Record

# Most numbers that are kept, over all rounds: some 10 MB.
MOST_NUMBERS = 2**22
COLUMNS = ("round", "class", "bias", "weight")
# Bits of a float32's fraction that are kept. Weights that are off by 2**-13 move a probability by far less than
# features in bfloat16 do.
_BITS = 12
_DROPPED = 23 - _BITS


@dataclass(frozen=True, kw_only=True)
class StoredProbe:
    """The linear function of one round.

    Attributes:
        weight: float32, shape (d, classes), or (d, 1) for years; for features as they are extracted.
        bias: float32, shape (classes,), or (1,); -inf for a class without training images.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def outputs(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return logits, or years, of features of shape (n, d): float64, shape (n, classes) or (n, 1)."""
        return features.astype(np.float64) @ self.weight + self.bias


def probe_columns(rounds: Sequence[StoredProbe]) -> Mapping[str, NDArray[np.generic]] | None:
    """Return the table of probes of all rounds; None if it would be too large."""
    dimensions, classes = rounds[0].weight.shape
    if dimensions * classes * len(rounds) > MOST_NUMBERS:
        return None
    return {
        "round": np.repeat(np.arange(len(rounds), dtype=np.int32), classes),
        "class": np.tile(np.arange(classes, dtype=np.int32), len(rounds)),
        "bias": np.concatenate([one.bias for one in rounds]).astype(np.float32),
        "weight": _short(np.concatenate([one.weight.T for one in rounds])),
    }


def read_probes(file: Path, record: Record, *, classes: int) -> list[StoredProbe]:
    """Read the probes of all rounds from the table beside the file of a record.

    Args:
        file: The record's file.
        record: The record.
        classes: Number of classes, or 1 for years.

    Raises:
        ArtbenchError: The table is missing, damaged, not the one that the record names, or of another shape.
    """
    state, table = record.tables.get("probe"), file.with_suffix(".probe.parquet")
    rounds, dimensions = max(1, len(record.rounds)), record.encoder.feature_dim
    if state is None:
        raise ArtbenchError("it does not have the weights of its probe", mend="Run it again with this artbench")
    try:
        _check_shape(state.rows, rounds=rounds, classes=classes, dimensions=dimensions)
        read = StoredTable(table, state).read(values_per_row=dimensions)
        bias, weight = _numbers(read, record, classes=classes)
    except OtherFileError as error:
        raise _unusable("are not the ones it was written with") from error
    except ArtbenchError as error:
        raise _unusable(f"can't be read ({error.message})") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException) as error:
        raise _unusable(f"can't be read ({' '.join(str(error).split())[:200]})") from error
    parts = [slice(number * classes, (number + 1) * classes) for number in range(rounds)]
    return [StoredProbe(weight=weight[part].T, bias=bias[part]) for part in parts]


def _unusable(problem: str) -> ArtbenchError:
    return ArtbenchError(f"the weights of its probe {problem}", mend="Run it again")


def _check_shape(rows: int, *, rounds: int, classes: int, dimensions: int) -> None:
    if rounds * classes * dimensions > MOST_NUMBERS:
        raise ValueError("there are too many of them")
    if rows != rounds * classes:
        raise ValueError(f"they are not {rounds * classes:,} x {dimensions:,} numbers")


def _numbers(table: pa.Table, record: Record, *, classes: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rounds = max(1, len(record.rounds))
    expected = np.repeat(np.arange(rounds), classes), np.tile(np.arange(classes), rounds)
    given = table["round"].to_numpy(), table["class"].to_numpy()
    if not all(np.array_equal(one, other) for one, other in zip(given, expected, strict=True)):
        raise ValueError("its rows are not those of the rounds and classes in order")
    bias = table["bias"].to_numpy().astype(np.float32)
    lists = table["weight"].combine_chunks()
    weight = lists.flatten().to_numpy().astype(np.float32)
    if len(weight) != len(bias) * record.encoder.feature_dim:
        raise ValueError(f"they are not {len(bias):,} x {record.encoder.feature_dim:,} numbers")
    weight = weight.reshape(len(bias), -1)
    if not np.isfinite(weight).all() or np.isnan(bias).any() or (bias == np.inf).any():
        raise ValueError("a weight is not a number")
    return bias, weight


def _short(numbers: NDArray[np.floating]) -> NDArray[np.float32]:
    """Round to the nearest float32 of which the last bits are 0."""
    bits = np.ascontiguousarray(numbers, np.float32).view(np.uint32)
    rounded = (bits + np.uint32(1 << (_DROPPED - 1))) & np.uint32(0xFFFFFFFF << _DROPPED & 0xFFFFFFFF)
    return np.where(np.isfinite(numbers), rounded.view(np.float32), np.float32(0))
