"""What people see: notices and progress on stderr, tables on stdout."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from artbench.runtime.progress import Counter, Reporter
from artbench.runtime.text import printable

# Columns of text from which on a bar says all.
_WIDE = 110
# What the time left takes, up to 99 hours of it.
_TIME = 8
# Seconds until the first line; from one to the next, twice as many as before, but no more than the second.
_FIRST, _LONGEST = 15.0, 600.0


class _TimeLeft(ProgressColumn):
    """By the rate since the beginning: the first few steps often come all at once, and would promise a second."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        if not (task.completed and task.elapsed and task.total):
            return Text("--:--", style="progress.remaining")
        left = task.elapsed * (task.total - task.completed) / task.completed
        return Text(duration(left), style="progress.remaining")


class _Bar:
    def __init__(self, progress: Progress, task: TaskID, *, besides: int) -> None:
        self._progress = progress
        self._task = task
        self._besides = besides

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        room = self._progress.console.width - self._besides
        self._progress.update(self._task, advance=steps, note=_fitting(printable(note), room))


def _fitting(note: str, room: int) -> str:
    """As many parts of a note, which commas divide, as there is room for; the first in any case."""
    while cell_len(note) > room and "," in note:
        note = note.rpartition(",")[0]
    return note


def _name_width(width: int) -> int:
    return max(12, width // 4)


def _bar_width(width: int) -> int:
    return max(6, width // 10)


def _besides(width: int, what: str, total: int, unit: str) -> int:
    """Columns of text that a line of progress takes without its note."""
    parts = [min(cell_len(what), _name_width(width)), _bar_width(width), 2 * len(str(total)) + 1, 0, _TIME]
    parts += [cell_len(unit), len("left")] if width >= _WIDE else []
    # Rich sets a blank behind each.
    return sum(parts) + len(parts)


def _columns(width: int, unit: str) -> list[ProgressColumn]:
    """What a line of progress shows: count and time left always, the rest as far as there is room."""
    name = Column(no_wrap=True, overflow="ellipsis", max_width=_name_width(width))
    whole = Column(no_wrap=True)
    return [
        TextColumn("{task.description}", table_column=name),
        BarColumn(bar_width=None if width >= _WIDE else _bar_width(width)),
        MofNCompleteColumn(table_column=whole),
        *([TextColumn(unit, table_column=whole)] if width >= _WIDE else []),
        TextColumn("{task.fields[note]}", style="dim", markup=False, table_column=Column(no_wrap=True)),
        _TimeLeft(table_column=whole),
        *([TextColumn("left", style="dim", table_column=whole)] if width >= _WIDE else []),
    ]


class TerminalReporter:
    """Notices and bars on stderr; without a terminal, a line now and then in place of the bars."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)

    def notice(self, text: str, /) -> None:
        """Print one line."""
        # Lines of a log stay whole; on a terminal, words do.
        self._console.print(Text("\n".join(map(printable, text.splitlines()))), soft_wrap=not self._console.is_terminal)

    @contextmanager
    def counting(self, what: str, /, *, total: int, unit: str) -> Iterator[Counter]:
        """Show a bar while the block runs."""
        if not self._console.is_terminal:
            yield LogLines(what, total=total, unit=unit, say=self.notice, clock=self._console.get_time)
            return
        width = self._console.width
        columns = _columns(width, unit)
        with Progress(*columns, console=self._console, transient=True) as progress:
            shown = printable(what)
            task = progress.add_task(Text(shown).markup, total=total, note="")
            yield _Bar(progress, task, besides=_besides(width, shown, total, unit))


def notices() -> Reporter:
    """The reporter of the command line."""
    return TerminalReporter()


class LogLines:
    """Counts one stretch of work, and says how far it is.

    Args:
        what: Is being done.
        total: Steps.
        unit: Of these.
        say: Prints a line.
        clock: The time in seconds.
    """

    def __init__(
        self, what: str, *, total: int, unit: str, say: Callable[[str], None], clock: Callable[[], float]
    ) -> None:
        self._what, self._total, self._unit = printable(what), total, unit
        self._say, self._clock = say, clock
        self._begun, self._done, self._wait = clock(), 0, _FIRST
        self._next = self._begun + _FIRST
        if total == 1:
            # There is no part of the way to tell of.
            self._say(self._what)

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        """Count `steps` more, and say so if it is time."""
        self._done += steps
        now = self._clock()
        if now < self._next or self._done >= self._total:
            return
        self._wait = min(2 * self._wait, _LONGEST)
        self._next = now + self._wait
        parts = [f"{self._done:,} of {self._total:,} {self._unit}", printable(note), self._left(now)]
        self._say(f"{self._what}: {', '.join(part for part in parts if part)}")

    def _left(self, now: float) -> str:
        if not self._done:
            return ""
        return f"{duration((now - self._begun) * (self._total - self._done) / self._done)} left"


def duration(seconds: float) -> str:
    """Hours, minutes and seconds: `1:02:03`, `02:03`."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
