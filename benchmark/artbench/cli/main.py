"""The entry point: runs a command, and turns errors into one line and an exit status."""

import errno
import os
import re
import signal
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn, cast

import click

from artbench.cli import life, signals
from artbench.cli.lazy import LazyGroup
from artbench.cli.options import debug_option
from artbench.cli.output import fitted, one_line, prepare_streams
from artbench.errors import ArtbenchError, Interrupted

# None: colour on a terminal. click does not follow https://no-color.org by itself.
_COLOUR = False if os.environ.get("NO_COLOR") else None

_OUTPUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

COMMANDS = {
    "run": "artbench.cli.run:run",
    "pretrain": "artbench.cli.pretrain:pretrain",
    "matrix": "artbench.cli.matrix:matrix",
    "list": "artbench.cli.list:list_",
    "plugins": "artbench.cli.plugins:plugins",
    "new": "artbench.cli.new:new",
    "leaderboard": "artbench.cli.leaderboard:leaderboard",
    "explain": "artbench.cli.explain:explain",
    "explore": "artbench.cli.explore:explore",
    "report": "artbench.cli.report:report",
    "predict": "artbench.cli.predict:predict",
    "neighbours": "artbench.cli.neighbours:neighbours",
    "features": "artbench.cli.features:features",
    "cache": "artbench.cli.cache:cache",
    "weights": "artbench.cli.weights:weights",
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


def main() -> NoReturn:
    """Run the command line and exit: 0 done, 1 failed, 2 wrong usage, 141 broken pipe, 128 + number of a signal."""
    try:
        signals.raise_first()
        _main()
    except KeyboardInterrupt as interruption:
        click.echo(fitted(signals.INTERRUPTED, err=True), err=True)
        sys.exit(interruption.exit_status if isinstance(interruption, Interrupted) else 128 + signal.SIGINT)


def _main() -> NoReturn:
    prepare_streams()
    life.begin()
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
        _complain(f"{error.message}. {mend}" if (mend := possible_advice(error.mend)) else f"{error.message}.")
        sys.exit(error.exit_status)
    except click.Abort as interruption:
        # What click makes of them.
        raise cause if isinstance(cause := interruption.__cause__, KeyboardInterrupt) else KeyboardInterrupt from None
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
    finally:
        life.end()
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


def possible_advice(mend: str) -> str:
    """Return advice without sentences on options that the command lacks; those of `artbench run` are named as such."""
    # What is quoted names its command.
    named = re.sub(r"`[^`]*`", "", mend)
    absent = sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", named)) - _options(sys.argv[1:]), key=len, reverse=True)
    of_run = _options(["run"]) if absent else set()
    for option in absent:
        if option in of_run:
            mend = re.sub(rf"(?<![\w`-]){option}(?![\w-])", f"`artbench run {option}`", mend)
    sentences = re.split(r"(?<=[.?])\s+", mend) if mend else []
    kept = [one for one in sentences if not any(option in one for option in absent if option not in of_run)]
    text = " ".join(kept)
    return text if not text or text.endswith((".", "?")) else f"{text}."


def _options(arguments: Sequence[str]) -> set[str]:
    """Return the options of the command that arguments name."""
    command, context = cast("click.Command", artbench), click.Context(artbench, info_name="artbench")
    found = {option for one in artbench.params for option in one.opts}
    for argument in arguments:
        if not isinstance(command, click.Group) or (below := command.get_command(context, argument)) is None:
            continue
        command, context = below, click.Context(below, parent=context, info_name=argument)
        found |= {option for one in below.params for option in (*one.opts, *one.secondary_opts)}
    return found


def _complain(text: str) -> None:
    click.secho(fitted(one_line(f"artbench: {text}"), err=True), fg="red", err=True, color=_COLOUR)


def _debugging() -> bool:
    return "--debug" in sys.argv
