"""What the columns of a leaderboard hold, for every form in which it is shown."""

from dataclasses import dataclass

from artbench.leaderboard.board import Board
from artbench.records.outcomes import Metric
from artbench.records.record import Record
from artbench.records.wording import amount, metric_name, pretraining_name, unit

# Which column has the name that a row goes by, and which the metric that ranks.
BACKBONE, PRIMARY = 1, 3
# Equal to balanced accuracy wherever the test split has every class; in records for where it has not.
_TWIN = "mean_class_accuracy"
# With so few classes, the right one is always among the first five.
_TOP = 5


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: What is read.
        key: What is sorted by: a number or a text; None stands last.
        strong: Whether it is of the metric that ranks.
    """

    text: str
    key: float | str | None
    strong: bool = False


def headings(record: Record) -> list[str]:
    """The header of each column, for a leaderboard with this record."""
    primary, others = metric_name(record.primary_metric), other_metrics(record)
    return [
        "rank",
        "backbone",
        "pretraining",
        f"{primary} {unit(record.primary)} [95 % interval]",
        *(f"{metric_name(name)} {unit(record.metrics[name])}" for name in others),
        f"kNN {primary} {unit(record.primary)}",
        "parameters",
        "features",
        "images/s",
        "device",
    ]


def cells(record: Record, board: Board, *, number: int) -> list[Cell]:
    """A row of a leaderboard.

    Args:
        record: Whose row.
        board: The leaderboard.
        number: Of the row, counted from the best.
    """
    speed, encoder = record.timing.images_per_s, record.encoder
    return [
        Cell(text=str(board.place_of(record)), key=number),
        Cell(text=record.backbone, key=record.backbone),
        Cell(text=pretraining_name(record), key=pretraining_name(record)),
        Cell(text=amount(record.primary), key=record.primary.value, strong=True),
        *(_metric(record.metrics.get(name)) for name in other_metrics(board.first)),
        _metric(record.neighbours.metrics.get(record.primary_metric)),
        Cell(text=_parameters(encoder.parameters), key=encoder.parameters),
        Cell(text=f"{encoder.feature_dim:,}", key=encoder.feature_dim),
        Cell(text="" if speed is None else f"{speed:.1f}" if speed < 100 else f"{speed:,.0f}", key=speed),
        Cell(text=record.provenance.hardware, key=record.provenance.hardware),
    ]


def guesses(board: Board) -> tuple[list[str], list[list[Cell]]]:
    """What guesses score that look at no picture, as the newest record with any says: headers, and rows."""
    dated = sorted((row.record for row in board.rows), key=lambda record: record.provenance.created)
    known = [record for record in dated if record.references]
    if not known:
        return [], []
    newest = known[-1]
    others, rows = other_metrics(newest), []
    for reference in newest.references:
        primary = reference.metrics.get(newest.primary_metric)
        shown = _metric(None) if primary is None else Cell(text=amount(primary), key=primary.value, strong=True)
        scores = [_metric(reference.metrics.get(name)) for name in others]
        rows.append([Cell(text=reference.name, key=reference.name), shown, *scores])
    return ["no pixels", *headings(newest)[PRIMARY : PRIMARY + 1 + len(others)]], rows


def other_metrics(record: Record) -> list[str]:
    """The metrics that stand beside the primary one; without those that say nothing more."""
    unsaid = {record.primary_metric, _TWIN} | ({"top5_accuracy"} if record.dataset.classes <= _TOP else set())
    return [name for name in record.metrics if name not in unsaid]


def _metric(metric: Metric | None) -> Cell:
    if metric is None:
        return Cell(text="", key=None)
    return Cell(text=amount(metric).partition(" ")[0], key=metric.value)


def _parameters(count: int) -> str:
    return f"{count:,}" if count < 100_000 else f"{count / 1e6:.1f} M"
