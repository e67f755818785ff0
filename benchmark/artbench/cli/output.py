"""What commands print: JSON alone on stdout, lines that are safe whatever names hold, findings and tables."""

import json
import os
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

import click

from artbench.runtime.text import printable

if TYPE_CHECKING:
    from rich.text import Text

    from artbench.runtime.findings import Finding

_STDOUT, _STDERR = 1, 2
_SINK = f"{__name__}.sink"
_COLOURS = {"PASS": "green", "WARN": "yellow", "FAIL": "red", "SKIP": "cyan"}
_WORDS = {"PASS": "passed", "WARN": "to look at", "SKIP": "skipped", "FAIL": "failed"}
# Columns of text: of findings on a terminal, and of tables that go into a file or a pipe, where names stay whole.
_WIDEST, _PIPED = 100, 400


def echo(line: str, *, err: bool = False, **style: Any) -> None:
    """Print a line, whatever the names in it hold.

    Args:
        line: The line.
        err: Whether it goes to stderr.
        **style: As for `click.style`.
    """
    click.secho(printable(line), err=err, **style)


@contextmanager
def only_json() -> Iterator[None]:
    """Send to stderr whatever anything but `print_json` prints: a plugin, a library, a process that they start."""
    stdout = sys.stdout
    sink, real = stdout, sys.__stdout__
    with ExitStack() as stack:
        # Not where Python's stdout is no file, as in tests, or where somebody closed stdout or stderr.
        if real is not None and sys.__stderr__ is not None and stdout is real and stdout.fileno() == _STDOUT:
            stdout.flush()
            kept = os.dup(_STDOUT)
            sink = stack.enter_context(os.fdopen(kept, "w", encoding=stdout.encoding, errors=stdout.errors))
            stack.callback(os.dup2, kept, _STDOUT)
            os.dup2(_STDERR, _STDOUT)
        stack.enter_context(redirect_stdout(sys.stderr))
        click.get_current_context().meta[_SINK] = sink
        yield


def print_json(content: object) -> None:
    """Print JSON and nothing else on stdout, for a command with `json_option`."""
    click.echo(json.dumps(content, indent=1, ensure_ascii=False), file=click.get_current_context().meta[_SINK])


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence["Text | str"]], *, numbers: Collection[int] = (), title: str = ""
) -> None:
    """Print a table without lines on stdout.

    Args:
        headings: One for each column; all empty for a table without a head.
        rows: A cell for each column; text is no markup.
        numbers: Positions of the columns that stand to the right and are never wrapped.
        title: Stands above the table.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(title) if title else None,
        title_justify="left",
        box=None,
        pad_edge=False,
        show_header=any(headings),
    )
    for position, heading in enumerate(headings):
        number = position in numbers
        table.add_column(
            Text(heading),
            justify="right" if number else "left",
            no_wrap=number,
            overflow="ellipsis" if number else "fold",
        )
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED).print(table)


def print_findings(found: Iterable[tuple[str, "Finding"]]) -> Counter[str]:
    """Print each finding on stdout as soon as it is there, under its heading, and count them by status.

    On a terminal a finding is wrapped under its name; elsewhere it is one line, for grep.

    Args:
        found: Heading and finding. A finding that is named as its heading is shown without its name.
    """
    statuses: Counter[str] = Counter()
    above, mend = None, ""
    for heading, finding in found:
        if heading != above:
            echo(heading, bold=True)
            mend = ""
        if sys.stdout.isatty():
            _print_wrapped(finding, named=finding.name != heading, mend="" if finding.mend == mend else finding.mend)
        else:
            name = "" if finding.name == heading else f"{finding.name}: "
            text = f"{name}{finding.message}." + (f" {finding.mend}." if finding.mend else "")
            click.echo(f"{click.style(finding.status, fg=_COLOURS[finding.status])}  {printable(text)}")
        statuses[finding.status] += 1
        above, mend = heading, finding.mend
    return statuses


def counted(statuses: Counter[str]) -> str:
    """Say how many findings there are of each status: `17 passed, 6 to look at, 0 failed`."""
    return ", ".join(f"{statuses[key]} {word}" for key, word in _WORDS.items() if key != "SKIP" or statuses[key]) + "."


def _print_wrapped(finding: "Finding", *, named: bool, mend: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(width=6)
    if named:
        line.add_column(width=20, overflow="fold")
    line.add_column(overflow="fold")
    said = Text(f"{printable(finding.message)}.")
    if mend:
        said.append(f"\n{printable(mend)}.", style="dim")
    status = Text(f"  {finding.status}", style=_COLOURS[finding.status])
    line.add_row(status, *([Text(printable(finding.name))] if named else []), said)
    console = Console(highlight=False)
    console.width = min(console.width, _WIDEST)
    console.print(line)
