"""The columns of a leaderboard, shared by all formats in which it is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from artbench.leaderboard.board import Board
from artbench.records.encoder_state import EncoderState
from artbench.records.format import amount, heading
from artbench.records.parts import LabelFreeState, Metric
from artbench.records.record import Record, backbone_name, common_width, pretraining_name
from artbench.runtime.text import size
from artbench.stats.metrics import ordered_metrics

# Positions of the backbone's name and of the metric that ranks.
BACKBONE, PRIMARY = 1, 3
# Equal to balanced accuracy if the test split has every class.
_TWIN = "mean_class_accuracy"
# With so few classes, the right one is always among the first five.
_TOP = 5


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: Text of the cell.
        key: Key for sorting; None comes last.
        strong: Whether it belongs to the metric that ranks.
    """

    text: str
    key: float | str | None
    strong: bool = False


# Figures that need no labels, and how many digits are shown; ARI and NMI compare clusters with labels afterwards.
_LABEL_FREE: Mapping[str, tuple[Callable[[LabelFreeState], float | None], int]] = {
    "RankMe": (lambda found: found.rankme, 1),
    "effective rank": (lambda found: found.effective_rank, 1),
    "TwoNN dimension": (lambda found: found.intrinsic_dimension, 1),
    "k-means ARI": (lambda found: found.ari, 3),
    "k-means NMI": (lambda found: found.nmi, 3),
}


def headings(board: Board) -> list[str]:
    """Return the header of each column."""
    first = board.first
    others = other_metrics(board)
    return [
        "rank",
        "backbone",
        "pretraining",
        heading(first.primary_metric, first.primary, interval=" [95 % interval]"),
        *(heading(name, metric) for name, metric in others.items()),
        *((f"kNN {heading(first.primary_metric, first.primary)}",) if _has_neighbours(board) else ()),
        "parameters",
        "features",
        *(("pooling", "px") if _declares_pooling(board) else ()),
    ]


def cells(record: Record, board: Board, *, number: int) -> list[Cell]:
    """Return a row of a leaderboard.

    Args:
        record: Record of the row.
        board: The leaderboard.
        number: Number of the row, counted from the best.
    """
    encoder = record.encoder
    return [
        Cell(text=str(board.place_of(record)), key=number),
        Cell(text=backbone_name(record), key=backbone_name(record)),
        Cell(text=pretraining_name(record), key=pretraining_name(record)),
        Cell(text=amount(record.primary), key=record.primary.value, strong=True),
        *(metric_cell(record.metrics.get(name)) for name in other_metrics(board)),
        *((_neighbours_cell(record),) if _has_neighbours(board) else ()),
        Cell(text=_parameters(encoder.parameters), key=encoder.parameters),
        Cell(text=_features(record), key=encoder.feature_dim),
        *(_pooling_cells(encoder) if _declares_pooling(board) else ()),
    ]


def _has_neighbours(board: Board) -> bool:
    """Whether neighbours voted; where an index was searched none did."""
    return any(row.record.neighbours is not None for row in board.rows)


def _neighbours_cell(record: Record) -> Cell:
    found = record.neighbours
    return metric_cell(None if found is None else found.metrics.get(record.primary_metric))


def _declares_pooling(board: Board) -> bool:
    """Whether some record says how its features were pooled; those of `linear-v1` do not."""
    return any(row.record.encoder.layer is not None for row in board.rows)


def _pooling_cells(encoder: EncoderState) -> list[Cell]:
    layer = f"layer {encoder.layer}" if (encoder.layer or 1) > 1 else ""
    text = ", ".join(filter(None, (encoder.pooling, layer)))
    return [Cell(text=text, key=text), Cell(text=f"{encoder.input_size}", key=encoder.input_size)]


def cost_headings(board: Board) -> list[str]:
    """Return the header of each column of cost, which varies from run to run, so that printed tables have none.

    Only what some record has measured: one whose features were in the store has not.
    """
    found = [name for name, (read, _) in _COST.items() if any(read(row.record) is not None for row in board.rows)]
    return [*found, *(("device",) if _has_devices(board) else ())]


def cost_cells(record: Record, board: Board) -> list[Cell]:
    """Return the cells of the columns `cost_headings`."""
    return [_cost_cell(record, name) for name in cost_headings(board)]


def _cost_cell(record: Record, name: str) -> Cell:
    if name == "device":
        return Cell(text=record.provenance.hardware, key=record.provenance.hardware)
    read, shown = _COST[name]
    value = read(record)
    return Cell(text="" if value is None else shown(value), key=value)


def _device_seconds(record: Record) -> float | None:
    """Seconds of the device for 1,000 images; None if nothing was extracted, or by artbench before 0.3."""
    return _per_image(record, None if record.timing.extraction is None else 1000 * record.timing.extraction.device_s)


def _energy(record: Record) -> float | None:
    """Joules for an image."""
    return _per_image(record, None if record.timing.extraction is None else record.timing.extraction.energy_j)


def _per_image(record: Record, amount: float | None) -> float | None:
    images = record.timing.extract_s * (record.timing.images_per_s or 0)
    return None if amount is None or images < 1 else amount / images


def _memory(record: Record) -> float | None:
    return None if record.timing.extraction is None else record.timing.extraction.memory_bytes


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


_COST: Mapping[str, tuple[Callable[[Record], float | None], Callable[[float], str]]] = {
    "images/s": (
        lambda record: record.timing.images_per_s,
        lambda speed: f"{speed:.1f}" if speed < 100 else f"{speed:,.0f}",
    ),
    "device s for 1,000": (_device_seconds, _short),
    "peak memory": (_memory, lambda count: size(int(count))),
    "J/image": (_energy, _short),
}


def _has_devices(board: Board) -> bool:
    """Whether the records were made on more than one device."""
    return len({row.record.provenance.hardware for row in board.rows}) > 1


def label_free_headings(board: Board) -> list[str]:
    """Return the header of each column of label-free figures that some record has; empty if none has any."""
    found = [state for row in board.rows if (state := row.record.label_free) is not None]
    return [name for name, (read, _) in _LABEL_FREE.items() if any(read(state) is not None for state in found)]


def label_free_cells(record: Record, board: Board) -> list[Cell]:
    """Return the cells of the columns `label_free_headings`."""
    return [_label_free_cell(record.label_free, name) for name in label_free_headings(board)]


def _label_free_cell(found: LabelFreeState | None, name: str) -> Cell:
    read, digits = _LABEL_FREE[name]
    value = None if found is None else read(found)
    return Cell(text="" if value is None else f"{value:,.{digits}f}", key=value)


def guesses(board: Board) -> tuple[list[str], list[list[Cell]]]:
    """Return header and rows of the guesses without pixels, from the newest record that has them."""
    dated = sorted((row.record for row in board.rows), key=lambda record: record.provenance.created)
    known = [record for record in dated if record.references]
    if not known:
        return [], []
    newest = known[-1]
    others, rows = other_metrics(board), []
    for reference in newest.references:
        primary = reference.metrics.get(newest.primary_metric)
        shown = metric_cell(None) if primary is None else Cell(text=amount(primary), key=primary.value, strong=True)
        scores = [metric_cell(reference.metrics.get(name)) for name in others]
        rows.append([Cell(text=reference.name, key=reference.name), shown, *scores])
    return ["no pixels", *headings(board)[PRIMARY : PRIMARY + 1 + len(others)]], rows


def other_metrics(board: Board) -> Mapping[str, Metric]:
    """Return the metrics beside the primary one, by name, each from some row; redundant ones are left out.

    Selection and order do not depend on which row is first.
    """
    first = board.first
    unsaid = {first.primary_metric, _TWIN} | ({"top5_accuracy"} if first.dataset.classes <= _TOP else set())
    found: dict[str, Metric] = {}
    for row in board.rows:
        found = dict(row.record.metrics) | found
    names = sorted(found.keys() - unsaid, key=ordered_metrics)
    return {name: found[name] for name in names}


def metric_cell(metric: Metric | None) -> Cell:
    """Return the cell of a value without its interval; blank if there is none."""
    if metric is None:
        return Cell(text="", key=None)
    return Cell(text=amount(metric).partition(" ")[0], key=metric.value)


def _features(record: Record) -> str:
    """The length of a feature vector, and that to which a protocol of a common width reduced it."""
    length = record.encoder.feature_dim
    width = common_width(record.protocol)
    return f"{length:,}" if width is None or width >= length else f"{length:,} → {width:,}"


def _parameters(count: int) -> str:
    return f"{count:,}" if count < 100_000 else f"{count / 1e6:.1f} M"
