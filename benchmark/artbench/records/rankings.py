"""The columns of stored rankings, and whether they can be true."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from artbench.data.rankings import KEPT, NOTHING, Rankings, precisions

# Columns beside image, target, prediction and confidence.
COLUMNS = ["belonging", "places", "average_precision", "precision_to_r"]
# What the sums of other machines differ by.
_ROUNDING = 1e-9


def ranking_columns(rankings: Rankings, labels: NDArray[np.generic]) -> dict[str, pa.Array]:
    """Return the columns of a table with a row for each query, those of its labels and most similar pictures too."""
    lengths = np.minimum(rankings.belonging, KEPT)
    ends = np.append(0, np.cumsum(lengths))
    kept = np.arange(rankings.places.shape[1]) < lengths[:, None]
    return {
        "target": pa.array(labels, pa.int32()),
        "prediction": pa.array(rankings.nearest, pa.int32()),
        "confidence": pa.array(rankings.similarity, pa.float32()),
        "belonging": pa.array(rankings.belonging, pa.int32()),
        "places": pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(rankings.places[kept], pa.int32())),
        "average_precision": pa.array(rankings.average_precision, pa.float64(), from_pandas=True),
        "precision_to_r": pa.array(rankings.precision_to_r, pa.float64(), from_pandas=True),
    }


def rankings_of(
    table: pa.Table, *, labels: NDArray[np.int64], nearest: NDArray[np.int64], similarity: NDArray[np.float32]
) -> Rankings:
    """Read rankings from their columns, and check that the values of each query follow from its places.

    Of a query with more pictures than places are kept of, they lie between what the rest can make of them.

    Raises:
        ValueError: They can't be true.
    """
    places_type, kind = table["places"].type, table["belonging"].type
    if not pa.types.is_list(places_type) or not all(map(pa.types.is_int32, (places_type.value_type, kind))):
        raise ValueError("places and belonging are not columns of whole numbers")
    lists = table["places"].combine_chunks()
    if table["belonging"].null_count or lists.null_count or lists.flatten().null_count:
        raise ValueError("places and belonging have rows without a number")
    belonging = table["belonging"].cast(pa.int64()).to_numpy()
    lengths, flat = lists.value_lengths().to_numpy(), lists.flatten().cast(pa.int64()).to_numpy()
    if (belonging < 0).any() or not np.array_equal(lengths, np.minimum(belonging, KEPT)):
        raise ValueError(f"places are not those of the first {KEPT} pictures that belong with each query")
    if ((labels == NOTHING) & (belonging > 0)).any():
        raise ValueError("pictures belong with a query that belongs with none")
    places = np.zeros((len(table), int(lengths.max(initial=0))), np.int32)
    places[np.arange(places.shape[1]) < lengths[:, None]] = flat
    within = np.arange(1, places.shape[1]) < lengths[:, None]
    if len(flat) and (flat.min() < 1 or (np.diff(places, axis=1)[within] < 0).any()):
        raise ValueError("places are not ascending from 1")
    if ((places[:, :1] == 1).any(axis=1) & (nearest != labels)).any():
        raise ValueError("a first place does not belong with its query")
    found = Rankings(
        places=places,
        belonging=belonging,
        nearest=nearest,
        similarity=similarity.astype(np.float64),
        average_precision=table["average_precision"].to_numpy().astype(np.float64),
        precision_to_r=table["precision_to_r"].to_numpy().astype(np.float64),
    )
    for query in range(len(table)):
        _check_values(found, query, int(lengths[query]))
    return found


def _check_values(given: Rankings, query: int, length: int) -> None:
    values = float(given.average_precision[query]), float(given.precision_to_r[query])
    belonging = int(given.belonging[query])
    if not belonging:
        if not np.isnan(values).all():
            raise ValueError("a distractor has an average precision")
        return
    places = given.places[query, :length].astype(np.int64)
    least = most = precisions(places, belonging)
    if belonging > length:
        # At best all the rest shares the last place that is kept.
        last = int(places[-1])
        before = places[places < last]
        more = (belonging - len(before)) / belonging * min(1.0, belonging / last)
        most = precisions(before, belonging)
        most = most[0] + more, most[1] + (more if last <= belonging else 0.0)
    if not all(
        low - _ROUNDING <= value <= high + _ROUNDING for low, value, high in zip(least, values, most, strict=True)
    ):
        raise ValueError("an average precision does not follow from the places")
