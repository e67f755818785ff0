"""Leaderboards as LaTeX tables for a paper, with booktabs."""

from collections.abc import Iterable, Sequence

from artbench.leaderboard.board import Board
from artbench.leaderboard.columns import other_metrics
from artbench.leaderboard.ranking import Place
from artbench.records.format import amount, metric_name, unit
from artbench.records.parts import Metric
from artbench.records.record import Record, pretraining_name, task_name

_NAMED = {
    "\\": "backslash",
    "^": "asciicircum",
    "~": "asciitilde",
    "<": "less",
    ">": "greater",
    "|": "bar",
    '"': "quotedbl",
}
_ESCAPES = str.maketrans(
    {letter: f"\\{letter}" for letter in "{}$&#%_"}
    | {letter: f"\\text{name}{{}}" for letter, name in _NAMED.items()}
    | {"–": "--", "…": r"\dots{}"}
)


def latex_tables(boards: Sequence[Board]) -> str:
    """Return a `table` for each leaderboard, for a document that loads booktabs.

    The first value is bold if the paired tests say that the row is better than every other, or if no test was possible.
    """
    return "% \\usepackage[T1]{fontenc}\n% \\usepackage{booktabs}\n" + "\n".join(_table(board) for board in boards)


def escape(text: str) -> str:
    """Escape a text for LaTeX."""
    return text.translate(_ESCAPES)


def _table(board: Board) -> str:
    first = board.first
    others = other_metrics(board)
    kind = f"{metric_name(first.primary_metric)} {unit(first.primary)}"
    header = ["rank", "backbone", "pretraining", f"{kind} [95 % interval]"]
    header += [f"{metric_name(name)} {unit(metric)}" for name, metric in others.items()]
    header.append(f"kNN {kind}")
    best = board.rows[0].record.id if _has_best(board) else ""
    records = [row.record for row in board.rows]
    rows = [_cells(record, board.place_of(record), others, bold=record.id == best) for record in records]
    lines = [" & ".join(cells) + r" \\" for cells in rows]
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            f"  \\caption{{{escape(_caption(board))}}}",
            f"  \\begin{{tabular}}{{rll{'r' * (len(header) - 3)}}}",
            r"    \toprule",
            "    " + " & ".join(escape(cell) for cell in header) + r" \\",
            r"    \midrule",
            *(f"    {line}" for line in lines),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _cells(record: Record, place: Place, others: Iterable[str], *, bold: bool) -> list[str]:
    value, _, interval = amount(record.primary).partition(" ")
    shown = f"\\textbf{{{value}}}" if bold else value
    return [
        escape(str(place)),
        escape(record.backbone),
        escape(pretraining_name(record)),
        # In braces, since a bracket at the start of a line would be an argument of the line break before it.
        f"{shown} {{{interval}}}",
        *(_value(record.metrics.get(name)) for name in others),
        _value(record.neighbours.metrics.get(record.primary_metric)),
    ]


def _value(metric: Metric | None) -> str:
    return "" if metric is None else amount(metric).partition(" ")[0]


def _has_best(board: Board) -> bool:
    """Return whether the first row is better than every other, by value alone if it could not be tested."""
    place = board.place_of(board.first)
    return len(board.rows) > 1 and (bool(place.untested) or place.low == place.high == 1)


def _caption(board: Board) -> str:
    first = board.first
    partial = " (a partial copy)" if first.dataset.partial else ""
    said = (
        f"{task_name(first)}: {first.dataset.test:,} test images of {first.dataset.name}{partial}, protocol "
        f"{first.protocol} ({first.protocol_hash[:12]})."
    )
    if len(board.rows) > 1 and not board.ranking.untested:
        said += " Bold: better than every other row (paired tests, Holm-corrected)" if _has_best(board) else ""
        said += "." if _has_best(board) else " No row is better than every other."
    return f"{said} {board.ranking.explanation}".strip()
