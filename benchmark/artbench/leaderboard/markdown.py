"""The page of a task as Markdown that can be published as it is: the same records give the same bytes."""

from collections.abc import Sequence

from artbench.leaderboard.board import Board
from artbench.leaderboard.literature import Literature
from artbench.leaderboard.tables import footnote_lines, literature_table, ranked_tables, reference_table
from artbench.leaderboard.text import escape
from artbench.records.record import Record
from artbench.specs import Published

# Of the published test images; what lacks fewer counts as the whole task.
_WHOLE = 0.99


def task_page(boards: Sequence[Board], literature: Literature | None = None) -> str:
    """The page of one task: a table for each state of data and protocol, records of which must not be mixed.

    Args:
        boards: Of the task.
        literature: What others have published on it, under protocols of their own, and how large it is.
    """
    task = boards[0].first.task
    parts = [f"# {escape(task)}", ""]
    if len(boards) > 1:
        parts += [
            f"{len(boards)} tables, since their records can't be compared with each other: {why_apart(boards)}.",
            "",
        ]
    for board in boards:
        parts += [
            *ranked_tables(board),
            *reference_table(board),
            *literature_table(() if literature is None else literature.results),
            "",
            *footnote_lines(board),
            *_explained(board),
            *_footing(board, None if literature is None else literature.size),
            "",
        ]
    return "\n".join(parts)


def why_apart(boards: Sequence[Board]) -> str:
    """What differs between the tables of one task, in words."""
    versions, protocols, states = (
        {key(board.first) for board in boards}
        for key in (
            lambda record: str(record.task_version),
            lambda record: f"{record.protocol} ({record.protocol_hash[:12]})",
            lambda record: record.dataset.fingerprint[:12],
        )
    )
    said = []
    if len(versions) > 1:
        said.append(f"the task changed between its versions {' and '.join(sorted(versions))}")
    if len(protocols) > 1:
        said.append(f"they were measured under {' and '.join(map(escape, sorted(protocols)))}")
    if len(states) > 1:
        sizes = sorted({f"{board.first.dataset.test:,}" for board in boards})
        tested = f"{' and '.join(sizes)} test images" if len(sizes) > 1 else "other pictures, labels or splits"
        said.append(f"the data were in {len(states)} states ({tested})")
    return "; ".join(said)


def _explained(board: Board) -> list[str]:
    """What the ranks mean; nothing where a row stands alone."""
    said = board.ranking.explanation
    return [escape(said), ""] if said else []


def _footing(board: Board, size: Published | None) -> list[str]:
    first, data = board.first, board.first.dataset
    lost = f", {data.missing:,} missing" if data.missing else ""
    lost += f", {data.unreadable:,} unreadable" if data.unreadable else ""
    classes = f", {data.classes:,} classes" if data.classes else ""
    partial = " (a partial copy)" if data.partial else ""
    return [
        f"Protocol `{escape(first.protocol)}` ({first.protocol_hash[:12]}). "
        f"Data: {escape(data.name)}{partial}, state {data.fingerprint[:12]}: {data.train:,} training and "
        f"{data.test:,} test images{classes}{lost}. Task version {first.task_version}. "
        f"{_rounds(first)}{_part(first, size)}".rstrip()
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


def _part(record: Record, size: Published | None) -> str:
    """That it is not the whole task, where it is known how large that is."""
    if size is None or not size.test or record.few_shot is not None or record.rounds:
        return ""
    if record.dataset.test >= _WHOLE * size.test:
        return ""
    whole = f"{(size.train or 0) + (size.validation or 0):,} training and " if size.train else ""
    return f"**This is a part of the task**, which as published has {whole}{size.test:,} test images."
