"""Leaderboards as Markdown that can be published as it is: the same records give the same bytes."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from artbench.leaderboard.board import Board, Row
from artbench.leaderboard.ranking import Place
from artbench.records.outcomes import Metric
from artbench.records.record import Record
from artbench.records.wording import amount, encoder_name, metric_name, pretraining_name, unit

# Equal to balanced accuracy wherever the test split has every class; in records for where it has not.
_TWIN = "mean_class_accuracy"
# Of a task's name in the name of a file.
_LONGEST = 100
# With so few classes, the right one is always among the first five.
_TOP = 5


def task_page(boards: Sequence[Board]) -> str:
    """The page of one task: a table for each state of data and protocol, records of which must not be mixed."""
    task = boards[0].first.task
    parts = [f"# {escape(task)}", ""]
    if len(boards) > 1:
        parts += [
            f"{len(boards)} tables: records of different tasks' versions, protocols or states of the data can't be "
            "compared with each other.",
            "",
        ]
    for board in boards:
        parts += [*_table(board), *_explained(board), *_references(board), "", *_footing(board), ""]
    return "\n".join(parts)


def index_page(boards: Sequence[Board]) -> str:
    """The list of all tasks, with the encoder at the top of each table."""
    lines = ["# Leaderboards", "", "| task | protocol | test images | records | best | |", "|---|---|--:|--:|---|--:|"]
    hashes = Counter(
        protocol for _, protocol in {(board.first.protocol_hash, board.first.protocol) for board in boards}
    )
    for board in boards:
        best, rows = board.first, len(board.rows)
        task, result = escape(best.task), f"{metric_name(best.primary_metric)} {amount(best.primary)}{_years(best)}"
        protocol = escape(best.protocol) + (f" ({best.protocol_hash[:12]})" if hashes[best.protocol] > 1 else "")
        partial = " (a partial copy)" if best.dataset.partial else ""
        lines.append(
            f"| [{task}]({_file_name(best.task)}){partial} | {protocol} | {best.dataset.test:,} | {rows} "
            f"| {escape(encoder_name(best))} | {result} |"
        )
    return "\n".join(lines) + "\n"


def page_names(boards: Sequence[Board]) -> dict[str, list[Board]]:
    """The file name of each task's page, and the boards on it."""
    pages: dict[str, list[Board]] = {}
    for board in boards:
        pages.setdefault(_file_name(board.first.task), []).append(board)
    return pages


def escape(text: str) -> str:
    """Text that Markdown and HTML leave as it is, on one line of a table."""
    text = re.sub(r"\s+", " ", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|#~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))", r"\\\1", text)


def _file_name(task: str) -> str:
    """A file name for each task: no two share one, on a disk that takes capitals for small letters either."""
    plain = re.sub(r"[^A-Za-z0-9_+-]+", "_", task)
    if plain == task == task.lower() and task not in ("readme", "index") and len(task) <= _LONGEST:
        return f"{task}.md"
    return f"{plain[:_LONGEST]}-{hashlib.sha256(task.encode()).hexdigest()[:8]}.md"


def _table(board: Board) -> list[str]:
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
    places = board.ranking.places
    lines += ["| " + " | ".join(_cells(row, places[row.record.id], others)) + " |" for row in board.rows]
    return lines


def _cells(row: Row, place: Place, others: Sequence[str]) -> list[str]:
    record = row.record
    neighbours = record.neighbours.metrics.get(record.primary_metric)
    speed = record.timing.images_per_s
    return [
        str(place),
        escape(record.backbone),
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


def _years(record: Record) -> str:
    return " years" if record.primary.unit == "years" else ""


def _explained(board: Board) -> list[str]:
    """What the ranks mean; nothing where a row stands alone."""
    said = board.ranking.explanation
    return ["", escape(said)] if said else []


def _references(board: Board) -> list[str]:
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


def other_metrics(record: Record) -> list[str]:
    """The metrics that stand beside the primary one; without those that say nothing more."""
    unsaid = {record.primary_metric, _TWIN} | ({"top5_accuracy"} if record.dataset.classes <= _TOP else set())
    return [name for name in record.metrics if name not in unsaid]


def _footing(board: Board) -> list[str]:
    first, data = board.first, board.first.dataset
    newest = max(row.record.provenance.created for row in board.rows)
    lost = f", {data.missing:,} missing" if data.missing else ""
    lost += f", {data.unreadable:,} unreadable" if data.unreadable else ""
    classes = f", {data.classes:,} classes" if data.classes else ""
    partial = " (a partial copy)" if data.partial else ""
    return [
        f"Protocol `{escape(first.protocol)}` ({first.protocol_hash[:12]}). "
        f"Data: {escape(data.name)}{partial}, state {data.fingerprint[:12]}: {data.train:,} training and "
        f"{data.test:,} test images{classes}{lost}. Task version {first.task_version}. "
        f"{_rounds(first)}Newest record: {newest:%Y-%m-%d}."
    ]


def _rounds(record: Record) -> str:
    """What the numbers are means over, and what was resampled."""
    said = ""
    if record.few_shot is not None:
        few = record.few_shot
        scarce = f"; {few.scarce:,} classes have fewer and give all they have" if few.scarce else ""
        said = f"{few.shots:,} pictures of each class{scarce}. "
    if record.rounds:
        what = "draws" if record.few_shot is not None else "splits"
        said += f"Means over {len(record.rounds)} {what}, whose differences are in the intervals. "
    if record.clusters is not None:
        said += f"Intervals resample {record.clusters:,} painters with all their pictures. "
    return said
