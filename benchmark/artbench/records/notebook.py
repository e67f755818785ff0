"""A record as a notebook shows it."""

from html import escape
from typing import TYPE_CHECKING

from artbench.records.format import amount, metric_name, pretraining_name, task_name, unit

if TYPE_CHECKING:
    from artbench.records.record import Record


def html_table(record: "Record") -> str:
    """A small table: task, encoder and sizes above, every metric with its interval below, the ranking one first."""
    what = [
        ("task", task_name(record)),
        ("backbone", record.backbone),
        ("pretraining", pretraining_name(record)),
        ("protocol", record.protocol),
        ("pictures", f"{record.dataset.train:,} train, {record.dataset.test:,} test"),
    ]
    metrics = {record.primary_metric: record.primary, **record.metrics}
    rows = [_row("td", escape(name), escape(value)) for name, value in what]
    rows.append(_row("th", "metric", "[95 % interval]"))
    for name, metric in metrics.items():
        title, value = escape(metric_name(name)), escape(f"{amount(metric)} {unit(metric)}")
        is_primary = name == record.primary_metric
        rows.append(_row("td", *((f"<b>{cell}</b>" if is_primary else cell) for cell in (title, value))))
    return f"<table>{''.join(rows)}</table>"


def _row(tag: str, *cells: str) -> str:
    return "<tr>" + "".join(f'<{tag} style="text-align: left">{cell}</{tag}>' for cell in cells) + "</tr>"
