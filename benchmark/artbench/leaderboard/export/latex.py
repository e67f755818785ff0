"""Leaderboards as LaTeX tables for a paper, with booktabs."""

from collections.abc import Collection, Sequence

from artbench.leaderboard.board import Board
from artbench.leaderboard.columns import BACKBONE, PRIMARY, cells, headings
from artbench.leaderboard.notes import footnotes, marks
from artbench.leaderboard.seen import kept
from artbench.records.format import amount
from artbench.records.record import Record, dataset_name, encoder_name, task_name

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
    | {"–": "--", "…": r"\dots{}", "→": r"$\to$"}
)
# Signs of footnotes, as LaTeX's own fonts have them.
_SIGNS = {"†": r"\dagger", "‡": r"\ddagger", "§": r"\S", "¶": r"\P", "‖": r"\|", "◊": r"\diamond"}
# Columns that fit into one column of text.
_NARROW = 7
# To the width of the page, if it is wider.
_SHRUNK = r"\resizebox{\ifdim\width>\textwidth\textwidth\else\width\fi}{!}"


def latex_tables(boards: Sequence[Board], *, seen: Collection[str] = ()) -> str:
    """Return a `table` for each leaderboard, for a document that loads booktabs; `table*` for one of many columns.

    The first value is bold if the paired tests say that the row is better than every other, or if no test was possible.

    Args:
        boards: The leaderboards.
        seen: If the records were chosen by what their encoders have seen, these states; the captions say it.
    """
    packages = ["booktabs", *(["graphicx"] if any(len(_header(board)) > _NARROW for board in boards) else [])]
    head = ["% \\usepackage[T1]{fontenc}", *(f"% \\usepackage{{{package}}}" for package in packages)]
    return "\n".join([*head, *(_table(board, seen) for board in boards)])


def escape_latex(text: str) -> str:
    """Escape a text for LaTeX."""
    return text.translate(_ESCAPES)


def _table(board: Board, seen: Collection[str]) -> str:
    best = board.first.id if _has_best(board) else ""
    header = _header(board)
    rows = [_cells(row.record, board, bold=row.record.id == best) for row in board.rows]
    wide = len(header) > _NARROW
    float_ = "table*" if wide else "table"
    return "\n".join(
        [
            f"\\begin{{{float_}}}",
            r"  \centering",
            f"  \\caption{{{escape_latex(_caption(board, seen))}}}",
            *([r"  \small\setlength{\tabcolsep}{4pt}", f"  {_SHRUNK}{{%"] if wide else []),
            f"  \\begin{{tabular}}{{rll{'r' * (len(header) - 3)}}}",
            r"    \toprule",
            "    " + " & ".join(escape_latex(cell) for cell in header) + r" \\",
            r"    \midrule",
            *("    " + " & ".join(row) + r" \\" for row in rows),
            r"    \bottomrule",
            r"  \end{tabular}" + ("}" if wide else ""),
            *(_footnote(mark.sign, mark.text, records) for mark, records in footnotes(board)),
            f"\\end{{{float_}}}",
            "",
        ]
    )


def _header(board: Board) -> list[str]:
    return [heading for heading in headings(board) if heading not in _omitted(board)]


def _omitted(board: Board) -> tuple[str, ...]:
    """Columns that would make the table too wide for a paper, and tell nothing where pooling is not declared."""
    return ("parameters",) if "pooling" in headings(board) else ("parameters", "features")


def _cells(record: Record, board: Board, *, bold: bool) -> list[str]:
    shown_cells = zip(headings(board), cells(record, board, number=0), strict=True)
    texts = [escape_latex(cell.text) for heading, cell in shown_cells if heading not in _omitted(board)]
    texts[BACKBONE] += "".join(_superscript(mark.sign) for mark in marks(record))
    value, _, interval = amount(record.primary).partition(" ")
    shown = f"\\textbf{{{value}}}" if bold else value
    # In braces, since a bracket at the start of a line would be an argument of the line break before it.
    texts[PRIMARY] = f"{shown} {{{interval}}}"
    return texts


def _superscript(sign: str) -> str:
    return f"$^{{{''.join(_SIGNS.get(one, one) for one in sign)}}}$"


def _footnote(sign: str, text: str, records: Sequence[Record]) -> str:
    said = escape_latex(f"{text} ({'; '.join(map(encoder_name, records))}).")
    return f"  \\par\\footnotesize {_superscript(sign)} {said}"


def _has_best(board: Board) -> bool:
    """Return whether the first row is better than every other, by value alone if nothing was to be tested."""
    place = board.place_of(board.first)
    best = board.led and (bool(place.untested) or place.low == place.high == 1)
    return len(board.rows) > 1 and best and not place.doubt


def _caption(board: Board, seen: Collection[str]) -> str:
    first = board.first
    said = (
        f"{task_name(first)}: {first.dataset.test:,} test images of {dataset_name(first.dataset)}, protocol "
        f"{first.protocol} ({first.protocol_hash[:12]})."
    )
    said += f" {kept(seen)}." if seen else ""
    if len(board.rows) > 1 and not board.ranking.untested and not board.ranking.doubt:
        said += " Bold: better than every other row (paired tests, Holm-corrected)" if _has_best(board) else ""
        said += "." if _has_best(board) else " No row is better than every other."
    return f"{said} {board.ranking.explanation}".strip()
