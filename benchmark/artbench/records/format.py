"""Formats metrics as text, and a record as a table for notebooks."""

from collections.abc import Mapping
from html import escape

from artbench.records.parts import Metric

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
    "mean_absolute_error": "MAE",
    "within_50_years": "within 50 years",
}


def amount(metric: Metric) -> str:
    """Return `81.2 [80.2, 82.2]`, in percent or in years."""
    scale = 100 if metric.unit == "fraction" else 1
    value, low, high = (f"{scale * number:.1f}" for number in (metric.value, *metric.ci95))
    return f"{value} [{low}, {high}]"


def unit(metric: Metric) -> str:
    """Return the unit of `amount`, `%` or `years`."""
    return "%" if metric.unit == "fraction" else metric.unit


def metric_name(name: str) -> str:
    """Return the short name of a metric for people."""
    return _METRIC_NAMES.get(name, name.replace("_", " "))


def html_table(what: Mapping[str, str], metrics: Mapping[str, Metric], *, primary: str) -> str:
    """Return a table of what was measured, by heading, and of every metric with its interval, the primary one first."""
    metrics = {primary: metrics[primary], **metrics}
    rows = [_row("td", escape(name), escape(value)) for name, value in what.items()]
    rows.append(_row("th", "metric", "[95 % interval]"))
    for name, metric in metrics.items():
        cells = escape(metric_name(name)), escape(f"{amount(metric)} {unit(metric)}")
        rows.append(_row("td", *(f"<b>{cell}</b>" if name == primary else cell for cell in cells)))
    return f"<table>{''.join(rows)}</table>"


def _row(tag: str, *cells: str) -> str:
    return "<tr>" + "".join(f'<{tag} style="text-align: left">{cell}</{tag}>' for cell in cells) + "</tr>"
