"""What `artbench matrix` prints of its units."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from artbench.cli.output import echo, print_table
from artbench.cli.progress import duration
from artbench.errors import ArtbenchError
from artbench.runtime.text import counted, printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from artbench.matrix.status import MatrixStatus, UnitRow

_COLOURS = {"done": "green", "running": "cyan", "failed": "red", "to do": "default"}
# Pictures of a table that is shown anew.
_PER_SECOND = 0.5
# Rows of a table that is shown anew; the others are counted.
_SHOWN = 30


def rows_as_json(found: "MatrixStatus") -> list[dict[str, Any]]:
    """Units as objects, each with a `name`."""
    return [
        {
            "name": str(row.unit),
            "id": row.unit.id,
            "kind": row.unit.kind,
            "backbones": list(row.unit.backbones),
            "pretraining": row.unit.pretraining,
            "dataset": row.unit.dataset,
            "tasks": list(row.unit.tasks),
            "after": row.unit.after or None,
            "status": row.state.status,
            "where": _where(row) or None,
            "tries": row.state.tries,
            "why": row.state.why or None,
            "seconds": row.seconds,
            "stored_bytes": row.stored,
        }
        for row in found.rows
    ]


def print_matrix(found: "MatrixStatus") -> None:
    """Print all units as a table, and how many are what."""
    from rich.text import Text

    rows = [
        (printable(str(row.unit)), Text(row.state.status, style=_COLOURS[row.state.status]), *_details(row))
        for row in found.rows
    ]
    print_table(("unit", "", "time", ""), rows, numbers={2})
    echo(summary(found))


def matrix_table(found: "MatrixStatus") -> "RenderableType":
    """A table to show anew: what runs and what failed first, as many rows as a screen has."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    order = ("running", "failed", "to do", "done")
    rows = sorted(found.rows, key=lambda row: order.index(row.state.status))
    table = Table(box=None, pad_edge=False, show_header=False)
    for row in rows[:_SHOWN]:
        status = Text(row.state.status, style=_COLOURS[row.state.status])
        table.add_row(Text(printable(str(row.unit))), status, *map(Text, _details(row)))
    more = [Text(f"and {len(rows) - _SHOWN:,} more")] if len(rows) > _SHOWN else []
    return Group(table, *more, Text(summary(found), style="bold"))


@contextmanager
def live_table(look: Callable[[], "MatrixStatus"], *, console: "Console") -> Iterator[None]:
    """Show the table anew every two seconds while the block runs, below what is printed; nothing without a terminal."""
    if not console.is_terminal:
        yield
        return
    from rich.live import Live

    shown = matrix_table(look())

    def newest() -> "RenderableType":
        nonlocal shown
        # What is there may be written just now.
        with suppress(ArtbenchError, OSError):
            shown = matrix_table(look())
        return shown

    with Live(get_renderable=newest, console=console, refresh_per_second=_PER_SECOND, transient=True):
        yield


def summary(found: "MatrixStatus") -> str:
    """How many units are what, and how long the rest will take by the estimates."""
    counts = [f"{found.count(status):,} {status}" for status in _COLOURS if found.count(status)]
    text = f"{counted(len(found.rows), 'unit')}: {', '.join(counts)}"
    left = [row.seconds for row in found.rows if row.state.status == "to do"]
    known = [seconds for seconds in left if seconds is not None]
    if known:
        text += f"; about {duration(sum(known))} of work left" + (" and more" if len(known) < len(left) else "")
    stored = sum(row.stored or 0 for row in found.rows if row.state.status == "to do")
    return f"{text}, {stored / 1e9:.1f} GB of features." if stored > 1e8 else f"{text}."


def _details(row: "UnitRow") -> tuple[str, str]:
    seconds = "" if row.seconds is None else duration(row.seconds)
    known = row.state.status == "done" or not seconds
    return seconds if known else f"~{seconds}", printable(_where(row) or row.state.why)


def _where(row: "UnitRow") -> str:
    holder = row.state.holder
    return row.words if holder is None else str(holder)
