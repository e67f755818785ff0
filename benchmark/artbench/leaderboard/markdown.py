"""Leaderboards as Markdown that can be published as it is: the same records give the same bytes."""

import re
from collections.abc import Sequence

from artbench.leaderboard.board import Board, Row
from artbench.records.record import Metric, Record

_METRIC_NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced",
    "macro_f1": "macro F1",
    "top5_accuracy": "top-5",
    "mean_class_accuracy": "class mean",
    "expected_calibration_error": "ECE",
    "mean_average_precision": "mAP",
    "mean_average_precision_11_point": "mAP, 11-point",
    "image_average_precision": "image AP",
    "image_average_precision_11_point": "image AP, 11-point",
    "sample_f2": "sample F2",
    "micro_f1": "micro F1",
}

# Equal to balanced accuracy wherever the test split has every class; in records for where it has not.
_TWIN = "mean_class_accuracy"


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
        parts += [*_table(board), "", *_footing(board), ""]
    return "\n".join(parts)


def index_page(boards: Sequence[Board]) -> str:
    """The list of all tasks, with the encoder at the top of each table."""
    lines = ["# Leaderboards", "", "| task | protocol | test images | records | best | |", "|---|---|--:|--:|---|--:|"]
    for board in boards:
        best, rows = board.first, len(board.rows)
        task = escape(best.task)
        lines.append(
            f"| [{task}]({_file_name(best.task)}) | {escape(best.protocol)} | {best.dataset.test:,} | {rows} "
            f"| {escape(encoder_name(best))} | {escape(metric_name(best.primary_metric))} {percent(best.primary)} |"
        )
    return "\n".join(lines) + "\n"


def page_names(boards: Sequence[Board]) -> dict[str, list[Board]]:
    """The file name of each task's page, and the boards on it."""
    pages: dict[str, list[Board]] = {}
    for board in boards:
        pages.setdefault(_file_name(board.first.task), []).append(board)
    return pages


def percent(metric: Metric) -> str:
    """`81.2 [80.2, 82.2]`, in percent."""
    low, high = metric.ci95
    return f"{100 * metric.value:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def metric_name(name: str) -> str:
    """The short name of a metric for people."""
    return _METRIC_NAMES.get(name, name.replace("_", " "))


def encoder_name(record: Record) -> str:
    """Backbone and pretraining in one phrase."""
    return f"{record.backbone}, {pretraining_name(record)}"


def pretraining_name(record: Record) -> str:
    """The pretraining, with what tells apart two of one name: the digest of a checkpoint, or a seed other than 0."""
    if record.encoder.checkpoint_sha256:
        return f"{record.pretraining} ({record.encoder.checkpoint_sha256[:8]})"
    return f"{record.pretraining} (seed {record.provenance.seed})" if record.provenance.seed else record.pretraining


def escape(text: str) -> str:
    """Text that Markdown and HTML leave as it is, on one line of a table."""
    text = re.sub(r"\s+", " ", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|#~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))", r"\\\1", text)


def _file_name(task: str) -> str:
    return re.sub(r"[^A-Za-z0-9_+-]+", "_", task) + ".md"


def _table(board: Board) -> list[str]:
    first = board.first
    others = [name for name in first.metrics if name not in (first.primary_metric, _TWIN)]
    header = [
        "rank",
        "backbone",
        "pretraining",
        f"**{metric_name(first.primary_metric)}** % [95 % interval]",
        *(f"{metric_name(name)} %" for name in others),
        f"kNN {metric_name(first.primary_metric)} %",
        "parameters",
        "features",
        "images/s",
        "device",
    ]
    lines = [
        "| " + " | ".join(escape(cell) if "**" not in cell else cell for cell in header) + " |",
        "|" + "|".join(["--:", "---", "---", *["--:"] * (len(header) - 4), "---"]) + "|",
    ]
    lines += ["| " + " | ".join(_cells(row, others)) + " |" for row in board.rows]
    return lines


def _cells(row: Row, others: Sequence[str]) -> list[str]:
    record = row.record
    neighbours = record.neighbours.metrics.get(record.primary_metric)
    speed = record.timing.images_per_s
    return [
        str(row.rank),
        escape(record.backbone),
        escape(pretraining_name(record)),
        f"**{_plain_percent(record.primary)}** {percent(record.primary).partition(' ')[2]}",
        *(_plain_percent(record.metrics.get(name)) for name in others),
        _plain_percent(neighbours),
        _parameters(record.encoder.parameters),
        f"{record.encoder.feature_dim:,}",
        "" if speed is None else f"{speed:.1f}" if speed < 100 else f"{speed:,.0f}",
        escape(record.provenance.hardware),
    ]


def _parameters(count: int) -> str:
    return f"{count:,}" if count < 100_000 else f"{count / 1e6:.1f} M"


def _plain_percent(metric: Metric | None) -> str:
    return "" if metric is None else f"{100 * metric.value:.1f}"


def _footing(board: Board) -> list[str]:
    first, data = board.first, board.first.dataset
    newest = max(row.record.provenance.created for row in board.rows)
    lost = f", {data.missing:,} missing" if data.missing else ""
    partial = " (a partial copy)" if data.partial else ""
    return [
        f"Protocol `{escape(first.protocol)}` ({first.protocol_hash[:12]}). "
        f"Data: {escape(data.name)}{partial}, state {data.fingerprint[:12]}: {data.train:,} training and "
        f"{data.test:,} test images, {data.classes:,} classes{lost}. Task version {first.task_version}. "
        f"Newest record: {newest:%Y-%m-%d}."
    ]
