"""The predictions for all test images, stored beside a record for paired tests."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artbench.data.neighbourhoods import Neighbourhoods
from artbench.data.outputs import Answered, Leading
from artbench.data.rankings import KEPT, NOTHING, Rankings
from artbench.data.targets import Labels
from artbench.errors import ArtbenchError
from artbench.records.neighbourhoods import COLUMNS as NEIGHBOURS
from artbench.records.neighbourhoods import neighbourhood_columns, neighbourhoods_of
from artbench.records.parquet import LARGEST_TABLE, OtherFileError, StoredTable
from artbench.records.prediction_sizes import check_size, too_many
from artbench.records.rankings import ranking_columns, rankings_of
from artbench.records.record import Record
from artbench.runtime.files import atomic_write
from artbench.specs import AnswerForm

# Values up to which a file may stand for more bytes than it has; above, they are written as they are.
_FEW_VALUES = 10**8
# Where Parquet has the values of a list.
_VALUES = ".list.element"
# Values that are checked at a time.
_BLOCK = 1 << 22
MISSING = "its predictions are missing"


@dataclass(frozen=True, kw_only=True)
class TestPredictions:
    """Predictions of a probe for all test images.

    Attributes:
        images: Ids, in the order of the test split.
        labels: As `Split.labels`.
        outputs: Probabilities, float32, shape (n, classes), of one class per image the leading ones suffice; years,
            float32, shape (n, 1); rankings; or what neighbours share.
        rounds: Round of each row, from 0, int64, shape (n,); None if there is one.
        clusters: Cluster of each row, such as its painter, numbered from 0 in order of appearance, int64, shape (n,);
            None if rows are resampled one by one.
    """

    __test__ = False

    images: Sequence[str]
    labels: Labels
    outputs: Answered
    rounds: NDArray[np.int64] | None = None
    clusters: NDArray[np.int64] | None = None

    def write(self, path: Path) -> None:
        """Write `image, target, prediction, confidence` as Parquet, and `round` and `cluster` if there are any.

        Single-label: class numbers, and the probability of the predicted class. Multi-label: `target` and `prediction`
        (probability of at least 0.5) list label numbers, `confidence` the probability of every label. Years: the years,
        and no confidence. Rankings: what each query and the picture most similar to it show, -1 for what belongs with
        no other, the similarity, and `belonging, places, average_precision, precision_to_r` as `Rankings` has them.
        Neighbours: class numbers, and the counts and what is added to them as `Neighbourhoods` has them; no prediction.
        """
        outputs, form = self.outputs, _form_of(self.labels, self.outputs)
        if form == "class" and isinstance(outputs, np.ndarray):
            outputs = Leading.of(outputs)
        check_size(self.images, classes=_classes(outputs), form=form)
        columns, few = {"image": pa.array(self.images, pa.string())}, True
        if isinstance(outputs, Rankings):
            columns |= ranking_columns(outputs, self.labels)
        elif isinstance(outputs, Neighbourhoods):
            columns |= neighbourhood_columns(outputs, self.labels)
        elif isinstance(outputs, Leading):
            columns["target"] = pa.array(self.labels, pa.int32())
            columns["prediction"] = pa.array(outputs.classes[:, 0], pa.int32())
            columns["confidence"] = pa.array(outputs.probabilities[:, 0], pa.float32())
        elif form == "number":
            columns["target"] = pa.array(self.labels, pa.float64())
            columns["prediction"] = pa.array(outputs[:, 0], pa.float32())
        else:
            few = outputs.size <= _FEW_VALUES
            for name, chosen in (("target", self.labels), ("prediction", outputs >= 0.5)):
                ends = np.append(0, np.cumsum(chosen.sum(axis=1)))
                columns[name] = _lists(ends, pa.array(np.nonzero(chosen)[1], pa.int32()))
            ends = np.arange(len(outputs) + 1) * outputs.shape[1]
            columns["confidence"] = _lists(ends, pa.array(outputs.ravel(), pa.float32()))
        if self.rounds is not None:
            columns["round"] = pa.array(self.rounds, pa.int32())
        if self.clusters is not None:
            columns["cluster"] = pa.array(self.clusters, pa.int32())
        with atomic_write(path) as temporary:
            table = pa.table(columns)
            # By their names in Parquet, where a list has its values in a column of their own.
            names = [name + _VALUES * pa.types.is_list(table[name].type) for name in columns]
            plain = [] if few else ["confidence" + _VALUES]
            pq.write_table(
                table,
                temporary,
                compression={name: "none" if name in plain else "zstd" for name in names},
                use_dictionary=[name for name in names if name not in plain],
            )
            if temporary.stat().st_size > LARGEST_TABLE:
                raise ArtbenchError(f"the predictions take more than the {LARGEST_TABLE:,} bytes that are read")


@dataclass(frozen=True, kw_only=True)
class StoredPredictions:
    """Predictions of a probe as they are stored.

    Attributes:
        images: Ids, object array of text, shape (n,), in the order of the test split, one round after the other.
        labels: As `Split.labels`.
        predicted: Single-label: class numbers, int64, shape (n,). Years: the years, float32, shape (n,).
            Multi-label: None.
            Rankings: `Rankings.nearest`. Neighbours: None.
        confidence: Single-label: probability of the predicted class, float32, shape (n,). Multi-label: of every label,
            float32, shape (n, classes). Years, neighbours: None. Rankings: `Rankings.similarity`, float32, shape (n,).
        rounds: Round of each row, int64, shape (n,); zeros if there is one.
        clusters: Cluster of each row, int64, shape (n,); None if rows are resampled one by one, or if not stored.
        rankings: Rankings of an index; None if that was not asked.
        neighbourhoods: What neighbours share; None if that was not asked.
    """

    images: NDArray[np.object_]
    labels: Labels
    predicted: NDArray[np.int64] | NDArray[np.float32] | None
    confidence: NDArray[np.float32] | None
    rounds: NDArray[np.int64]
    clusters: NDArray[np.int64] | None
    rankings: Rankings | None = None
    neighbourhoods: Neighbourhoods | None = None

    @property
    def form(self) -> AnswerForm:
        """Form of the answers, by the labels and by whether they are rankings or neighbourhoods."""
        return _form_of(self.labels, self.rankings or self.neighbourhoods)


def form_of_labels(labels: Labels) -> AnswerForm:
    """Return the form of the answers of a probe that labels are."""
    if labels.dtype == np.float64:
        return "number"
    return "class" if labels.ndim == 1 else "labels"


def _form_of(labels: Labels, answered: Answered | None) -> AnswerForm:
    if isinstance(answered, Neighbourhoods):
        return "neighbours"
    return "ranking" if isinstance(answered, Rankings) else form_of_labels(labels)


def _classes(outputs: Answered) -> int:
    if isinstance(outputs, Rankings | Neighbourhoods):
        return 0
    return outputs.count if isinstance(outputs, Leading) else outputs.shape[1]


def read_predictions(file: Path, record: Record) -> StoredPredictions:
    """Read the predictions of a record.

    Raises:
        ArtbenchError: They are missing, damaged, or not those that the record names.
    """
    if record.predictions is None:
        raise ArtbenchError(MISSING)
    classes = record.dataset.classes
    with _said():
        stored = StoredTable(file, record.predictions)
        # A list has a value for each label, a few bytes of a file can stand for any number, and all are kept in memory.
        rows, ranked = record.predictions.rows, _is_ranked(stored.columns)
        several = KEPT if ranked else classes if stored.lists else 1
        problem = too_many(rows, classes, "ranking" if ranked else "labels" if stored.lists else "class")
        if problem or (stored.lists and rows * several > max(_FEW_VALUES, stored.bytes)):
            raise ArtbenchError(problem or "it has fewer bytes than values")
        table = stored.read(values_per_row=several)
    try:
        return _checked(table, record)
    except (ValueError, KeyError, TypeError, AttributeError, pa.ArrowException, MemoryError) as error:
        raise ArtbenchError(f"its predictions can't be read ({' '.join(str(error).split())[:200]})") from error


def check_predictions(file: Path, record: Record) -> int:
    """Return the number of rows after checking that a file is the one that the record names.

    Raises:
        ArtbenchError: It is missing, or is another file.
    """
    if record.predictions is None:
        raise ArtbenchError(MISSING)
    with _said():
        StoredTable(file, record.predictions)
    return record.predictions.rows


@contextmanager
def _said() -> Iterator[None]:
    """Say of the predictions what is said of their file."""
    try:
        yield
    except FileNotFoundError as error:
        raise ArtbenchError(MISSING) from error
    except OtherFileError as error:
        raise ArtbenchError("its predictions are not the ones it was written with") from error
    except ArtbenchError as error:
        raise ArtbenchError(f"its predictions can't be read ({error.message})") from error


def _is_ranked(columns: Collection[str]) -> bool:
    return "places" in columns


def _checked(table: pa.Table, record: Record) -> StoredPredictions:
    names, classes = set(table.column_names), record.dataset.classes
    images = table["image"].cast(pa.string())
    if images.null_count:
        raise ValueError("an image has no id")
    rounds = _numbers(table, "round", below=max(1, len(record.rounds))) if "round" in names else None
    clusters = _numbers(table, "cluster", below=len(table)) if "cluster" in names else None
    predicted: NDArray[np.int64] | NDArray[np.float32] | None
    confidence: NDArray[np.float32] | None
    labels: Labels
    rankings = found = None
    if names.issuperset(NEIGHBOURS):
        labels, predicted, confidence = _numbers(table, "target", below=classes), None, None
        found = neighbourhoods_of(table)
    elif _is_ranked(names):
        labels, predicted = (_numbers(table, name, low=NOTHING, below=classes) for name in ("target", "prediction"))
        confidence = _floats(table["confidence"].to_numpy()).astype(np.float32)
        rankings = rankings_of(table, labels=labels, nearest=predicted, similarity=confidence)
    elif pa.types.is_list(table["target"].type):
        labels = _label_sets(table["target"], classes)
        predicted, confidence = None, _probabilities(table["confidence"], classes)
    elif pa.types.is_floating(table["target"].type):
        labels = _floats(table["target"].to_numpy())
        predicted, confidence = _floats(table["prediction"].to_numpy()).astype(np.float32), None
    else:
        labels, predicted = _numbers(table, "target", below=classes), _numbers(table, "prediction", below=classes)
        confidence = _fractions(_floats(table["confidence"].to_numpy()))
    return StoredPredictions(
        images=images.to_numpy(),
        labels=labels,
        predicted=predicted,
        confidence=confidence,
        rounds=np.zeros(len(table), np.int64) if rounds is None else rounds,
        clusters=clusters,
        rankings=rankings,
        neighbourhoods=found,
    )


def _numbers(table: pa.Table, name: str, *, below: int, low: int = 0) -> NDArray[np.int64]:
    """Return a column of whole numbers in [low, below)."""
    column = table[name]
    if not pa.types.is_integer(column.type) or column.null_count:
        raise ValueError(f"{name} is not a column of numbers")
    return _within(column.cast(pa.int64()).to_numpy(), below, name, low=low)


def _within(numbers: NDArray[np.int64], below: int, name: str, *, low: int = 0) -> NDArray[np.int64]:
    if len(numbers) and (numbers.min() < low or numbers.max() >= below):
        raise ValueError(f"{name} has a number that is not in [{low}, {below})")
    return numbers


def _floats(column: NDArray[np.generic]) -> NDArray[np.float64]:
    values: NDArray[np.float64] = column.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("a number is not finite")
    return values


def _fractions(values: NDArray[np.float64]) -> NDArray[np.float32]:
    if len(values) and (values.min() < 0 or values.max() > 1):
        raise ValueError("a probability is not in [0, 1]")
    return values.astype(np.float32)


def _label_sets(column: pa.ChunkedArray, classes: int) -> NDArray[np.bool_]:
    """Return lists of label numbers as bool, shape (n, classes)."""
    lists = _whole(column)
    labels = np.zeros((len(lists), classes), bool)
    numbers = _within(lists.flatten().cast(pa.int64()).to_numpy(), classes, "target")
    labels[np.repeat(np.arange(len(lists)), lists.value_lengths().to_numpy()), numbers] = True
    return labels


def _probabilities(column: pa.ChunkedArray, classes: int) -> NDArray[np.float32]:
    """Return lists of probabilities as float32, shape (n, classes)."""
    lists = _whole(column)
    if lists.null_count or (lists.value_lengths().to_numpy() != classes).any():
        raise ValueError(f"confidence does not list {classes} probabilities")
    # Without a copy: these are all numbers of a large file.
    values = lists.flatten().to_numpy()
    for start in range(0, len(values), _BLOCK):
        _fractions(_floats(values[start : start + _BLOCK]))
    return np.asarray(values, np.float32).reshape(len(lists), classes)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array, without a copy where it is one."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _lists(ends: NDArray[np.int64], values: pa.Array) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), values)
