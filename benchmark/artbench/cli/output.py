"""What commands print: JSON alone on stdout, and lines that are safe whatever names hold."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout

import click

from artbench.runtime.text import printable

_STDOUT, _STDERR = 1, 2
_SINK = f"{__name__}.sink"


def echo(line: str, *, err: bool = False) -> None:
    """Print a line, whatever the names in it hold."""
    click.echo(printable(line), err=err)


@contextmanager
def _only_json() -> Iterator[None]:
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
