"""What commands print: JSON alone on stdout, lines that are safe whatever names hold, findings and tables."""

import io
import json
import os
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from artbench.cli import life
from artbench.runtime.text import printable

if TYPE_CHECKING:
    from rich.text import Text

    from artbench.runtime.findings import Finding

_STDOUT, _STDERR = 1, 2
_SINK = f"{__name__}.sink"
_COLOURS = {"PASS": "green", "WARN": "yellow", "FAIL": "red", "SKIP": "cyan"}
_WORDS = {"PASS": "passed", "WARN": "to look at", "SKIP": "skipped", "FAIL": "failed"}
# Columns of text: of findings on a terminal; of tables in a file or a pipe, where names stay whole; to measure in.
_WIDEST, _PIPED, _ROOM = 100, 400, 100_000


def prepare_streams() -> None:
    """Give a process whose stdin, stdout or stderr was closed one that leads nowhere, and let none fail at a letter.

    Otherwise the next file that is opened would be stdout, for everything that is printed by processes and libraries.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass
    os.close(descriptor)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        stream = getattr(sys, name)
        if stream is None:
            stream = os.fdopen(number, mode, encoding="utf-8", closefd=False)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
        # Where the encoding has no such letter; UTF-8 has all but halves of pairs, which names of files can hold.
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def echo(line: str, *, err: bool = False, **style: Any) -> None:
    """Print a line whose names may hold anything, styled as by `click.style`; with `err`, to stderr."""
    life.end()
    click.secho(fitted(one_line(line), err=err), err=err, **style)


def one_line(text: str) -> str:
    """Return a text as one line that neither a terminal nor the log of a workflow takes for a command."""
    # GitHub takes a line of its logs for a command if it begins with the one, or holds the other anywhere.
    line = printable(text).replace("##[", "## [")
    return f"> {line}" if line.lstrip().startswith("::") else line


def fitted(line: str, *, err: bool = False) -> str:
    """Break a line between words to the width of the terminal; in a pipe it stays whole, as long words always do.

    What follows is as far in as its first word, behind the dash of a list.
    """
    if not (sys.stderr if err else sys.stdout).isatty():
        return line
    wrapper = textwrap.TextWrapper(shutil.get_terminal_size().columns)
    wrapper.subsequent_indent = " " * (len(line) - len(line.lstrip(" ").removeprefix("- ")))
    wrapper.break_long_words = wrapper.break_on_hyphens = False
    return wrapper.fill(line)


@contextmanager
def only_json() -> Iterator[None]:
    """Send to stderr all that others than `print_json` print: plugins, libraries, processes that they start."""
    stdout = sys.stdout
    sink, real = stdout, sys.__stdout__
    with ExitStack() as stack:
        # Only if Python's stdout is a file, as it is not in tests, and nobody closed stdout or stderr.
        if real is not None and sys.__stderr__ is not None and stdout is real and stdout.fileno() == _STDOUT:
            stdout.flush()
            kept = os.dup(_STDOUT)
            sink = stack.enter_context(os.fdopen(kept, "w", encoding=stdout.encoding, errors=stdout.errors))
            stack.callback(os.dup2, kept, _STDOUT)
            os.dup2(_STDERR, _STDOUT)
        stack.enter_context(redirect_stdout(sys.stderr))
        click.get_current_context().meta[_SINK] = sink
        yield


def stdout_for_others() -> int | None:
    """File descriptor of the stdout that a process of this command prints on; None: the one that it would inherit."""
    sink = click.get_current_context().meta.get(_SINK)
    return None if sink is None or sink is sys.__stdout__ or isinstance(sink, io.StringIO) else int(sink.fileno())


def print_json(content: object) -> None:
    """Print JSON and nothing else on stdout, for a command with `json_option`."""
    click.echo(json.dumps(content, indent=1, ensure_ascii=False), file=click.get_current_context().meta[_SINK])


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence["Text | str"]], *, numbers: Collection[int] = (), title: str = ""
) -> None:
    """Print a table without lines on stdout. Where it would be too wide, each row becomes a few lines, words whole.

    Args:
        headings: Headings of the columns; all empty for a table without a head.
        rows: Cells of each row, printed literally, not as markup.
        numbers: Positions of the columns that are aligned to the right and never wrapped.
        title: Title above the table.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED)
    cells = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    table = Table(box=None, pad_edge=False, show_header=any(headings))
    for position, heading in enumerate(headings):
        if position in numbers:
            widest = max((row[position].cell_len for row in cells), default=0)
            table.add_column(Text(heading), justify="right", no_wrap=True, min_width=widest)
        else:
            # Narrower, rich would break words where others still have room.
            words = (word for row in cells for word in row[position].plain.split())
            widest = max((Text(word).cell_len for word in (*heading.split(), *words)), default=0)
            table.add_column(Text(heading), overflow="fold", min_width=widest)
    for row in cells:
        table.add_row(*row)
    if title:
        echo(title, italic=True)
    if console.measure(table, options=console.options.update(width=_ROOM)).minimum <= console.width:
        console.print(table)
        return
    for first, *others in cells:
        echo(first.plain, bold=True)
        for heading, cell in zip(headings[1:], others, strict=True):
            for line in filter(None, cell.plain.splitlines()):
                echo(f"  {' '.join(heading.split())}: {line}" if heading else f"  {line}")


def print_findings(found: Iterable[tuple[str, "Finding"]]) -> Counter[str]:
    """Print findings on stdout as they arrive, each under its heading, and count them by status.

    On a terminal a finding is wrapped under its name, which is left out if it equals the heading. Elsewhere it is one
    line with its name, for grep.
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
            click.echo(f"{click.style(finding.status, fg=_COLOURS[finding.status])}  {one_line(str(finding))}")
        statuses[finding.status] += 1
        above, mend = heading, finding.mend
    return statuses


def print_checks(found: Iterable[tuple[dict[str, str], str, "Finding"]], *, as_json: bool) -> int:
    """Print findings, and return the exit status: 1 if any is FAIL.

    Args:
        found: What a finding is about, for its object in JSON; its heading, for people; and the finding.
        as_json: Whether to print JSON, for a command with `json_option`; otherwise the numbers of findings follow them,
            such as `17 passed, 6 to look at, 0 failed.`
    """
    if as_json:
        rows = [{**about, **asdict(finding)} for about, _, finding in found]
        print_json(rows)
        return 1 if any(row["status"] == "FAIL" for row in rows) else 0
    statuses = print_findings((heading, finding) for _, heading, finding in found)
    counts = (f"{statuses[key]} {word}" for key, word in _WORDS.items() if key != "SKIP" or statuses[key])
    click.echo(f"{', '.join(counts)}.")
    return 1 if statuses["FAIL"] else 0


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
