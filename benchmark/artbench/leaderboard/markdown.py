"""The page of a task as Markdown that can be published as it is: the same records give the same bytes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from artbench.leaderboard.board import Board
from artbench.leaderboard.columns import BACKBONE, PRIMARY, Cell, cells, guesses, headings
from artbench.leaderboard.notes import Literature, footnotes, marks, measured_on, part_of_task, pretrainings, why_apart
from artbench.records.format import amount, metric_name, unit
from artbench.records.parts import Metric
from artbench.records.record import Record, encoder_name
from artbench.runtime.text import escape, file_name
from artbench.specs import INITIALISATION, PublishedResult

_INTRODUCTION = (
    "Frozen encoders, judged by a linear probe on each task. Only records of one table can be compared: they share the "
    "task, the protocol and the state of the data. “Not told from it” counts the records whose distance from the best "
    "value may be chance."
)
_HEADER = "| task | what is asked | protocol | test images | records | best value | of | not told from it |"


def task_page(boards: Sequence[Board], literature: Literature | None = None) -> str:
    """The page of one task: a table for each state of data and protocol, records of which must not be mixed.

    Args:
        boards: Of the task.
        literature: What is known of it beside the records: what is asked, how large it is, and what others have
            published on it, under protocols of their own.
    """
    known = literature or Literature()
    parts = [f"# {escape(boards[0].first.task)}", ""]
    if known.description:
        parts += [f"{escape(_sentence(known.description))}", ""]
    if len(boards) > 1:
        why = escape(why_apart(boards))
        parts += [f"{len(boards)} tables, since their records can't be compared with each other: {why}.", ""]
    for board in boards:
        part = part_of_task(board.first, known.size)
        parts += [
            *([f"**{part}**", ""] if part else []),
            *ranked_tables(board),
            *reference_table(board),
            *literature_table(known.results),
            "",
            *footnote_lines(board),
            *_listed(pretrainings(board)),
            *_explained(board),
            escape(measured_on(board)),
            "",
        ]
    return "\n".join(parts)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _listed(items: Sequence[str]) -> list[str]:
    return ["How checkpoints were pretrained:", "", *(f"- {escape(item)}" for item in items), ""] if items else []


def _explained(board: Board) -> list[str]:
    """What the ranks mean; nothing where a row stands alone."""
    said = board.ranking.explanation
    return [escape(said), ""] if said else []


def ranked_tables(board: Board) -> list[str]:
    """The ranked rows; below them, in a table of their own, those of encoders that have learnt nothing."""
    rows = list(enumerate(row.record for row in board.rows))
    learnt, untrained = ([row for row in rows if is_reference(row[1]) == apart] for apart in (False, True))
    lines = _table(board, learnt) if learnt else []
    if untrained:
        said = "For comparison, encoders that have learnt nothing; their ranks are those among all rows:"
        lines += [*([""] if learnt else []), said, "", *_table(board, untrained)]
    return lines


def is_reference(record: Record) -> bool:
    """Whether a row is there for comparison: nothing was learnt by its encoder."""
    return record.encoder.source == INITIALISATION or not record.encoder.parameters


def reference_table(board: Board) -> list[str]:
    """What guesses score that look at no image, in a table of their own."""
    header, rows = guesses(board)
    if not rows:
        return []
    titles = [escape(title) for title in header]
    titles[1] = _primary_title(board.first)
    return ["", _line(titles), "|---|" + "--:|" * (len(header) - 1), *(_line(map(_shown, row)) for row in rows)]


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


def _table(board: Board, rows: Sequence[tuple[int, Record]]) -> list[str]:
    header = headings(board)
    titles = [escape(title) for title in header]
    titles[PRIMARY] = _primary_title(board.first)
    lines = [_line(titles), "|" + "|".join(["--:", "---", "---", *["--:"] * (len(header) - 3)]) + "|"]
    for number, record in rows:
        shown = [_shown(cell) for cell in cells(record, board, number=number)]
        shown[BACKBONE] += escape("".join(mark.sign for mark in marks(record)))
        lines.append(_line(shown))
    return lines


def _line(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _primary_title(record: Record) -> str:
    """The header of the metric that ranks; its brackets make no link."""
    return f"**{metric_name(record.primary_metric)}** {unit(record.primary)} [95 % interval]"


def _shown(cell: Cell) -> str:
    if not cell.strong:
        return escape(cell.text)
    value, _, interval = cell.text.partition(" ")
    return f"**{value}** {interval}"


def index_page(
    boards: Sequence[Board], *, literature: Mapping[str, Literature] | None = None, overall: str = ""
) -> str:
    """The list of all tasks, with the encoder at the top of each table.

    Args:
        boards: All leaderboards.
        literature: What is asked in a task, and how large it is, by its name.
        overall: File name of the page of all tasks; empty if there is none.
    """
    lines = ["# Leaderboards", "", _INTRODUCTION, "", _HEADER, "|---|---|---|--:|--:|--:|---|--:|"]
    hashes = Counter(
        protocol for _, protocol in {(board.first.protocol_hash, board.first.protocol) for board in boards}
    )
    for board in boards:
        best = board.first
        known = (literature or {}).get(best.task, Literature())
        protocol = escape(best.protocol) + (f" ({best.protocol_hash[:12]})" if hashes[best.protocol] > 1 else "")
        partial = " (a partial copy)" if best.dataset.partial else ""
        cells = [
            f"[{escape(best.task)}]({file_name(best.task)}){partial}",
            escape(known.description),
            protocol,
            _images(board, known),
            f"{len(board.rows)}",
            f"{metric_name(best.primary_metric)} {amount(best.primary)}{_years(best.primary)}",
            escape(encoder_name(best)),
            _tied(board),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    datasets = {board.first.dataset.name: (literature or {}).get(board.first.task, Literature()) for board in boards}
    described = [f"- {escape(name)}: {escape(known.dataset)}." for name, known in datasets.items() if known.dataset]
    lines += ["", *described] if described else []
    if overall:
        lines += ["", f"[All tasks side by side]({overall})"]
    return "\n".join(lines) + "\n"


def page_names(boards: Sequence[Board]) -> dict[str, list[Board]]:
    """The file name of each task's page, and the boards on it."""
    pages: dict[str, list[Board]] = {}
    for board in boards:
        pages.setdefault(file_name(board.first.task), []).append(board)
    return pages


def _images(board: Board, known: Literature) -> str:
    """How many are tested on; of how many, where it is a part of the task."""
    first = board.first
    whole = f" of {known.size.test:,}" if known.size is not None and part_of_task(first, known.size) else ""
    return f"{first.dataset.test:,}{whole}"


def _tied(board: Board) -> str:
    """How many the tests can't tell from the first; blank where nothing could be tested."""
    best = board.first.id
    pairs = [pair for pair in board.ranking.pairs if best in (pair.better, pair.worse)]
    return f"{sum(not pair.distinguishable for pair in pairs)}" if pairs else ""


def _years(metric: Metric) -> str:
    return " years" if metric.unit == "years" else ""
