"""The entry point: runs a command, and turns errors into one line and an exit status."""

import errno
import os
import signal
import sys
from difflib import get_close_matches
from types import FrameType
from typing import Any, NoReturn

import click

from artbench.cli.lazy import LazyGroup
from artbench.cli.options import debug_option
from artbench.cli.output import fitted, prepare_streams
from artbench.errors import ArtbenchError
from artbench.runtime.text import printable

# None: colour on a terminal. click does not follow https://no-color.org by itself.
_COLOUR = False if os.environ.get("NO_COLOR") else None

_OUTPUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

COMMANDS = {
    "run": "artbench.cli.run:run",
    "pretrain": "artbench.cli.pretrain:pretrain",
    "list": "artbench.cli.list:list_",
    "plugins": "artbench.cli.plugins:plugins",
    "new": "artbench.cli.new:new",
    "leaderboard": "artbench.cli.leaderboard:leaderboard",
    "explain": "artbench.cli.explain:explain",
    "report": "artbench.cli.report:report",
    "features": "artbench.cli.features:features",
    "cache": "artbench.cli.cache:cache",
    "data": "artbench.cli.data:data",
    "doctor": "artbench.cli.doctor:doctor",
    "completion": "artbench.cli.completion:completion",
}


class _Root(LazyGroup):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # A broken pipe is noticed only when the rest is written.
        except BrokenPipeError:
            _print_no_more()
            # As a command that SIGPIPE ends, because whoever read its output, such as head, has enough.
            raise click.exceptions.Exit(128 + 13) from None
        return result


@click.group(
    cls=_Root,
    commands_at=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "color": _COLOUR},
)
@debug_option
@click.version_option(package_name="artbench", message="artbench %(version)s", help="Show the version.")
def artbench() -> None:
    """Which visual representation understands art?

    Name a backbone, a pretraining and a task; the result can be compared with everybody else's.

    \b
      artbench run --backbone tf_efficientnet_lite0 \\
                   --task sample-style
      artbench list tasks
    """  # noqa: D301  click reads the control character


class _Terminated(BaseException):
    """SIGTERM, which batch systems send before they kill."""


def _terminated(_: int, __: FrameType | None) -> NoReturn:
    raise _Terminated


def main() -> NoReturn:
    """Run the command line and exit: 0 done, 1 failed, 2 wrong usage, 130 Ctrl-C, 141 broken pipe, 143 SIGTERM."""
    signal.signal(signal.SIGTERM, _terminated)
    prepare_streams()
    try:
        status = artbench.main(prog_name="artbench", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _complain(_in_one_line(error))
        sys.exit(error.exit_code)
    except ArtbenchError as error:
        if _debugging():
            raise
        _complain(str(error))
        sys.exit(error.exit_status)
    except (KeyboardInterrupt, click.Abort, _Terminated) as interruption:
        click.echo(fitted("artbench: interrupted; the same command continues from what is stored.", err=True), err=True)
        sys.exit(128 + (signal.SIGTERM if isinstance(interruption, _Terminated) else signal.SIGINT))
    except Exception as error:
        if _debugging():
            raise
        if isinstance(error, OSError) and error.errno in _OUTPUT_ERRORS and error.filename is None:
            # Nothing but stdout is written without the name of a file.
            _print_no_more()
            _complain(f"the output can't be written ({error.strerror}). Send it elsewhere, or free the disk.")
            sys.exit(1)
        reason = " ".join(str(error).split())
        _complain(f"{type(error).__name__}: {reason}. This is a fault in artbench or in a plugin: --debug shows where.")
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def _print_no_more() -> None:
    """Send to nowhere what Python has yet to write on stdout, which it would try again at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _in_one_line(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption):
        near = get_close_matches(error.option_name, error.possibilities or (), n=1, cutoff=0)
        error = click.NoSuchOption(error.option_name, possibilities=near, ctx=error.ctx)
    message = " ".join(error.format_message().split())
    missing = isinstance(error, click.MissingParameter)
    if isinstance(error, click.BadParameter) and isinstance(error.param, click.Argument) and not missing:
        # The place of a word says which argument it is; click names it by all that it can be.
        message = " ".join(error.message.split())
    context = getattr(error, "ctx", None)
    if context is None:
        return message
    end = "" if message.endswith((".", "?")) else "."
    return f"{message}{end} `{context.command_path} --help` shows what it takes."


def _complain(text: str) -> None:
    click.secho(fitted(f"artbench: {printable(text)}", err=True), fg="red", err=True, color=_COLOUR)


def _debugging() -> bool:
    return "--debug" in sys.argv
