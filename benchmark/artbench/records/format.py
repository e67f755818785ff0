"""Formats metrics as text, and a record as a table for notebooks."""

from collections.abc import Mapping
from html import escape

from artbench.plugins.known import known_metrics
from artbench.records.parts import Metric


def amount(metric: Metric) -> str:
    """Return `81.2 [80.2, 82.2]`, in percent, in years, or as a plain number; without the interval if it has none."""
    value, *ends = (scaled(number, metric.unit) for number in (metric.value, *(metric.ci95 or ())))
    return f"{value} [{', '.join(ends)}]" if ends else value


def scaled(number: float, unit: str, *, signed: bool = False) -> str:
    """Return a number of some unit as text, fractions in percent; of a small amount, three digits that count."""
    sign = "+" if signed else ""
    if unit == "fraction":
        return f"{100 * number:{sign}.1f}"
    places = 3 if unit == "number" or abs(number) < 1 else 2 if abs(number) < 10 else 1
    return f"{number:{sign}.{places}f}"


def unit(metric: Metric) -> str:
    """Return the unit of `amount`: `%`, `years`, another word, or nothing for a plain number."""
    return {"fraction": "%", "number": ""}.get(metric.unit, metric.unit)


def heading(name: str, metric: Metric, *, interval: str = "") -> str:
    """Return the heading of a column of `amount`: `MAE years`, and `interval` if the metric has one."""
    return f"{metric_name(name)} {unit(metric)}".rstrip() + (interval if metric.ci95 is not None else "")


def measured(name: str, metric: Metric) -> str:
    """Return name, value, interval and unit of a metric in one phrase: `accuracy 81.2 [80.2, 82.2] %`."""
    return f"{metric_name(name)} {amount(metric)} {unit(metric)}".rstrip()


def metric_name(name: str) -> str:
    """Return the short name of a metric for people."""
    known = known_metrics().get(name)
    return (known.short if known is not None else "") or name.replace("_", " ")


def html_table(what: Mapping[str, str], metrics: Mapping[str, Metric], *, primary: str) -> str:
    """Return a table of what was measured, by heading, and of every metric with its interval, the primary one first."""
    metrics = {primary: metrics[primary], **metrics}
    rows = [_row("td", escape(name), escape(value)) for name, value in what.items()]
    rows.append(_row("th", "metric", "[95 % interval]"))
    for name, metric in metrics.items():
        cells = escape(metric_name(name)), escape(f"{amount(metric)} {unit(metric)}".rstrip())
        rows.append(_row("td", *(f"<b>{cell}</b>" if name == primary else cell for cell in cells)))
    return f"<table>{''.join(rows)}</table>"


def _row(tag: str, *cells: str) -> str:
    return "<tr>" + "".join(f'<{tag} style="text-align: left">{cell}</{tag}>' for cell in cells) + "</tr>"
