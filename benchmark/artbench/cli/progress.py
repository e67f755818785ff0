"""Notices and progress on stderr: bars on a terminal, lines in a log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from artbench.cli import life
from artbench.cli.output import one_line
from artbench.runtime.progress import RESUMED, Counter
from artbench.runtime.text import printable

# Columns of text from which on a line of progress has a bar, and from which on all its parts.
_BARRED, _WIDE = 80, 110
# Columns of text of the time left, up to 99 hours.
_TIME = 8
# Seconds until the first line in a log. Each interval is twice the one before, up to the longest.
_FIRST, _LONGEST = 15.0, 600.0


class _TimeLeft(ProgressColumn):
    """Time left by the rate since the beginning, since the first few steps often come all at once."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        if not (task.completed and task.elapsed and task.total):
            return Text("--:--", style="progress.remaining")
        done = task.completed - task.fields["before"]
        if not done:
            return Text("--:--", style="progress.remaining")
        left = task.elapsed * (task.total - task.completed) / done
        return Text(duration(left), style="progress.remaining")


class _Bar:
    def __init__(self, progress: Progress, task: TaskID, *, room: int) -> None:
        self._progress, self._task, self._room = progress, task, room

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        if note == RESUMED:
            self._progress.update(self._task, advance=steps, before=steps)
            return
        note = printable(note)
        # As many of the parts between commas as fit, but at least the first.
        while cell_len(note) > self._room and "," in note:
            note = note.rpartition(",")[0]
        self._progress.update(self._task, advance=steps, note=note)


def _widths(width: int) -> tuple[int, int]:
    """Columns of text for the name and for the bar, whose room the name gets where there is little."""
    name, bar = max(12, width // 4), max(6, width // 10)
    return (name, bar) if width >= _BARRED else (name + bar + 1, 0)


def _room(width: int, what: str, total: int, unit: str) -> int:
    """Columns of text that a line of progress leaves to its note."""
    name, bar = _widths(width)
    parts = [min(cell_len(what), name), 2 * len(str(total)) + 1, 0, _TIME]
    parts += [bar] if bar else []
    parts += [cell_len(unit), len("left")] if width >= _WIDE else []
    # Rich puts a space behind each part.
    return width - sum(parts) - len(parts)


def _columns(width: int, unit: str) -> list[ProgressColumn]:
    """Parts of a line of progress: count and time left always, the others if there is room."""
    name, bar = _widths(width)
    whole, wide = Column(no_wrap=True), width >= _WIDE
    return [
        TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", max_width=name)),
        *([BarColumn(bar_width=None if wide else bar)] if bar else []),
        MofNCompleteColumn(table_column=whole),
        *([TextColumn(unit, table_column=whole)] if wide else []),
        TextColumn("{task.fields[note]}", style="dim", markup=False, table_column=Column(no_wrap=True)),
        _TimeLeft(table_column=whole),
        *([TextColumn("left", style="dim", table_column=whole)] if wide else []),
    ]


class TerminalReporter:
    """Prints notices and progress bars to stderr; without a terminal, a line now and then instead of bars."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)

    @property
    def console(self) -> Console:
        """What it prints on."""
        return self._console

    def notice(self, text: str, /) -> None:
        """Print one line."""
        life.end()
        # A log has whole lines; a terminal wraps between words.
        self._console.print(Text(one_line(text)), soft_wrap=not self._console.is_terminal)

    @contextmanager
    def counting(self, what: str, /, *, total: int, unit: str) -> Iterator[Counter]:
        """Show a progress bar while the block runs."""
        life.end()
        if not self._console.is_terminal:
            yield LogLines(what, total=total, unit=unit, say=self.notice, clock=self._console.get_time)
            return
        width = self._console.width
        columns = _columns(width, unit)
        with Progress(*columns, console=self._console, transient=True) as progress:
            shown, most = printable(what), _widths(width)[0]
            if len(shown) > most:  # Its end is the dataset.
                shown = f"{shown[: (most - 1) // 2]}…{shown[-(most // 2) :]}"
            task = progress.add_task(Text(shown).markup, total=total, note="", before=0)
            yield _Bar(progress, task, room=_room(width, shown, total, unit))


class LogLines:
    """Counts the steps of some work, and prints a line now and then.

    Args:
        what: Name of the work.
        total: Number of steps.
        unit: Unit of the steps.
        say: Prints a line.
        clock: Returns the time in seconds.
    """

    def __init__(
        self, what: str, *, total: int, unit: str, say: Callable[[str], None], clock: Callable[[], float]
    ) -> None:
        self._what, self._total, self._unit = printable(what), total, unit
        self._say, self._clock = say, clock
        self._begun, self._done, self._before, self._wait = clock(), 0, 0, _FIRST
        self._next = self._begun + _FIRST
        if total == 1:
            # There will be nothing between the beginning and the end.
            self._say(self._what)

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        """Count `steps` more, and print a line if it is time."""
        self._done += steps
        self._before += steps if note == RESUMED else 0
        now = self._clock()
        if now < self._next or self._done >= self._total:
            return
        self._wait = min(2 * self._wait, _LONGEST)
        self._next = now + self._wait
        here = self._done - self._before
        left = (now - self._begun) * (self._total - self._done) / here if here else None
        time = "" if left is None else f"{duration(left)} left"
        parts = [f"{self._done:,} of {self._total:,} {self._unit}", printable(note), time]
        self._say(f"{self._what}: {', '.join(part for part in parts if part)}")


def duration(seconds: float) -> str:
    """Hours, minutes and seconds: `1:02:03`, `02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
