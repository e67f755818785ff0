"""The page of a task as Markdown that can be published as it is: the same records give the same bytes."""

from collections.abc import Sequence

from artbench.leaderboard.board import Board
from artbench.leaderboard.literature import Literature
from artbench.leaderboard.notes import measured_on, part_of_task, pretrainings, why_apart
from artbench.leaderboard.tables import footnote_lines, literature_table, ranked_tables, reference_table
from artbench.runtime.text import escape


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
