"""The tables on the page of a task, as lines of Markdown."""

from collections.abc import Sequence

from artbench.leaderboard.board import Board, Row
from artbench.leaderboard.marks import footnotes, marks
from artbench.leaderboard.text import escape
from artbench.records.outcomes import Metric
from artbench.records.record import Record
from artbench.records.wording import amount, encoder_name, metric_name, pretraining_name, unit
from artbench.specs import INITIALISATION, PublishedResult

# Equal to balanced accuracy wherever the test split has every class; in records for where it has not.
_TWIN = "mean_class_accuracy"
# With so few classes, the right one is always among the first five.
_TOP = 5


def ranked_tables(board: Board) -> list[str]:
    """The ranked rows; below them, in a table of their own, those of encoders that have learnt nothing."""
    learnt, untrained = ([row for row in board.rows if is_reference(row.record) == apart] for apart in (False, True))
    lines = _table(board, learnt) if learnt else []
    if untrained:
        said = "For comparison, encoders that have learnt nothing; their ranks are those among all rows:"
        lines += [*([""] if learnt else []), said, "", *_table(board, untrained)]
    return lines


def is_reference(record: Record) -> bool:
    """Whether a row is there for comparison: nothing was learnt by its encoder."""
    return record.encoder.source == INITIALISATION or not record.encoder.parameters


def _table(board: Board, rows: Sequence[Row]) -> list[str]:
    first = board.first
    others = other_metrics(first)
    header = [
        "rank",
        "backbone",
        "pretraining",
        f"**{metric_name(first.primary_metric)}** {unit(first.primary)} [95 % interval]",
        *(f"{metric_name(name)} {unit(first.metrics[name])}" for name in others),
        f"kNN {metric_name(first.primary_metric)} {unit(first.primary)}",
        "parameters",
        "features",
        "images/s",
        "device",
    ]
    lines = [
        "| " + " | ".join(escape(cell) if "**" not in cell else cell for cell in header) + " |",
        "|" + "|".join(["--:", "---", "---", *["--:"] * (len(header) - 4), "---"]) + "|",
    ]
    lines += ["| " + " | ".join(_cells(row, others, board)) + " |" for row in rows]
    return lines


def _cells(row: Row, others: Sequence[str], board: Board) -> list[str]:
    record = row.record
    neighbours = record.neighbours.metrics.get(record.primary_metric)
    speed = record.timing.images_per_s
    return [
        str(board.place_of(row.record)),
        escape(record.backbone) + escape("".join(mark.sign for mark in marks(record))),
        escape(pretraining_name(record)),
        _in_bold(record.primary),
        *(_plain(record.metrics.get(name)) for name in others),
        _plain(neighbours),
        _parameters(record.encoder.parameters),
        f"{record.encoder.feature_dim:,}",
        "" if speed is None else f"{speed:.1f}" if speed < 100 else f"{speed:,.0f}",
        escape(record.provenance.hardware),
    ]


def _parameters(count: int) -> str:
    return f"{count:,}" if count < 100_000 else f"{count / 1e6:.1f} M"


def _plain(metric: Metric | None) -> str:
    return "" if metric is None else amount(metric).partition(" ")[0]


def _in_bold(metric: Metric) -> str:
    value, _, interval = amount(metric).partition(" ")
    return f"**{value}** {interval}"


def reference_table(board: Board) -> list[str]:
    """What guesses score that look at no picture, in a table of their own."""
    dated = sorted((row.record for row in board.rows), key=lambda record: record.provenance.created)
    known = [record for record in dated if record.references]
    if not known:
        return []
    newest = known[-1]
    others = other_metrics(newest)
    header = ["no pixels", *(f"{metric_name(name)} {unit(newest.metrics[name])}" for name in others)]
    header[1:1] = [f"**{metric_name(newest.primary_metric)}** {unit(newest.primary)} [95 % interval]"]
    lines = ["| " + " | ".join(header) + " |", "|---|" + "--:|" * (len(header) - 1)]
    for row in newest.references:
        primary = row.metrics.get(newest.primary_metric)
        cells = [escape(row.name), "" if primary is None else _in_bold(primary)]
        lines.append("| " + " | ".join([*cells, *(_plain(row.metrics.get(name)) for name in others)]) + " |")
    return ["", *lines]


def literature_table(results: Sequence[PublishedResult]) -> list[str]:
    """What others have published, which no row here can be ranked against."""
    if not results:
        return []
    lines = ["| published elsewhere, not comparable | | how it differs |", "|---|--:|---|"]
    lines += [
        f"| {escape(one.work)} | {escape(metric_name(one.metric))} {escape(one.value)} | {escape(one.difference)} |"
        for one in results
    ]
    return ["", *lines]


def footnote_lines(board: Board) -> list[str]:
    """What the marks of a table mean, and whose they are."""
    found = footnotes(board)
    if not found:
        return []
    lines = []
    for mark, records in found:
        names = ", ".join(escape(encoder_name(record)) for record in records)
        lines.append(f"- {escape(mark.sign)} {escape(mark.text)} ({names}).")
    return [*lines, ""]


def other_metrics(record: Record) -> list[str]:
    """The metrics that stand beside the primary one; without those that say nothing more."""
    unsaid = {record.primary_metric, _TWIN} | ({"top5_accuracy"} if record.dataset.classes <= _TOP else set())
    return [name for name in record.metrics if name not in unsaid]
