"""`artbench matrix work`: what engines call."""

import signal
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from artbench.cli import options
from artbench.errors import Interrupted


def _stop(number: int, _: FrameType | None) -> NoReturn:
    raise Interrupted(number)


def _share(_: click.Context, __: click.Parameter, value: str) -> tuple[int, int]:
    """Read `0/4`."""
    number, _slash, count = value.partition("/")
    if not (number.isdecimal() and count.isdecimal() and int(number) < int(count)):
        raise click.BadParameter(f"{value!r} is not a share such as 0/4")
    return int(number), int(count)


@click.command(hidden=True)
@click.argument("folder", type=options.FOLDER)
@click.argument("number", type=options.Number(min=1))
@click.option("--job", type=options.Number(min=0), help="Number of the job. Default: all.")
@click.option("--share", callback=_share, default="0/1", metavar="N/M", help="Where to begin in the units.")
@click.option("--wait", is_flag=True, help="Wait for what others run.")
@click.option("--unit", help="Do this unit alone, as one of several processes that share it.")
@click.option("--result", type=options.FILE, help="Where to write what came of it.")
@click.option("--with-parent", is_flag=True, help="End when standard input does.")
@options.debug_option
def work(
    *,
    folder: Path,
    number: int,
    job: int | None,
    share: tuple[int, int],
    wait: bool,
    unit: str | None,
    result: Path | None,
    with_parent: bool,
) -> int:
    """Do one process's share of a submission; engines call it."""
    # Slurm may send it to all processes of a job; the one that started this one then says that it is to stop.
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    # What it says so by, before the time of the job is over.
    signal.signal(signal.SIGUSR1, _stop)
    if with_parent:
        from artbench.runtime.parent import end_with_parent

        end_with_parent()
    from artbench.cli.progress import TerminalReporter
    from artbench.matrix.process import Share, do_unit, work_on

    if unit is not None and result is not None:
        do_unit(folder.absolute(), number, unit, result, reporter=TerminalReporter())
    else:
        mine = Share(job=job, number=share[0], count=share[1], wait=wait)
        work_on(folder.absolute(), number, mine, reporter=TerminalReporter())
    return 0
