"""`artbench matrix`: a comparison shared out over GPUs, or over the nodes of a cluster."""

import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli import options
from artbench.cli.lazy import Group
from artbench.cli.matrix_options import ENGINES, matrix_file, options_of, resource_options, set_option
from artbench.cli.matrix_table import live_table, matrix_table, print_matrix, rows_as_json, summary
from artbench.cli.matrix_work import work
from artbench.cli.measuring import measuring_options
from artbench.cli.output import echo, print_json
from artbench.runtime.text import counted

if TYPE_CHECKING:
    from artbench.plugins.registry import Registry

# Seconds between two pictures of --watch.
_WATCH = 2.0


@click.group(cls=Group)
def matrix() -> None:
    """Measure many encoders on many datasets, on all GPUs of this machine or on the nodes of a cluster.

    A matrix is cut into units: one encoder on one dataset, or one training. Any number of processes, on any nodes that
    share the results folder and the cache, do what is not done yet; to call one again is always right.
    """


@matrix.command()
@matrix_file
@measuring_options(required=False)
@set_option
@options.json_option
@options.plugin_option
@options.debug_option
def plan(*, as_json: bool, **given: Any) -> int:
    """Show the units of a matrix: which are done, running, failed or to do, and what they will take.

    A matrix is given by the options of `artbench run`, or by FILE.toml, which has them by name; options override it.
    Times are estimated from the records of the same networks.
    """
    wanted, registry = options_of(given)
    from artbench.cli.progress import TerminalReporter
    from artbench.matrix.workflow import plan as make

    found = make(wanted, registry=registry, reporter=TerminalReporter())
    if as_json:
        print_json(rows_as_json(found))
    else:
        print_matrix(found)
    return 0


@matrix.command()
@matrix_file
@measuring_options(required=False)
@set_option
@resource_options
@click.option("--dry-run", is_flag=True, help="Print what would be handed over, and submit nothing.")
@options.plugin_option
@options.debug_option
def run(*, on: str, dry_run: bool, **given: Any) -> int:
    """Run what is not done: here or on Ray, and wait; or on Slurm, and return at once.

    A matrix is given by the options of `artbench run`, or by FILE.toml, which has them by name; options override it.
    A unit that fails is tried at most twice more, and ends no other.
    """
    wanted, registry = options_of(given)
    from artbench.cli.progress import TerminalReporter
    from artbench.matrix.workflow import run as submit

    reporter = TerminalReporter()
    show = partial(live_table, console=reporter.console)
    submission, script = submit(wanted, on=on, registry=registry, reporter=reporter, dry_run=dry_run, show=show)
    if dry_run:
        click.echo(script)
        return 0
    return _after(wanted.folder, submission is not None, on=on, registry=registry)


@matrix.command()
@options.results_option
@click.option("--watch", is_flag=True, help="Show it anew every two seconds, until all is done.")
@options.json_option
@options.debug_option
def status(*, results: Path, watch: bool, as_json: bool) -> int:
    """Show what became of the matrix in a results folder, by its files and by what the engine says."""
    from artbench.matrix.looks import Looks
    from artbench.matrix.workflow import folder_of

    look = Looks(folder_of(results))
    found = look()
    if as_json:
        print_json(rows_as_json(found))
        return 0
    if not (watch and sys.stdout.isatty()):
        print_matrix(found)
        return 0
    from rich.live import Live

    with Live(matrix_table(found), refresh_per_second=2) as live:
        while not found.finished:
            time.sleep(_WATCH)
            found = look()
            live.update(matrix_table(found))
    return 0


@matrix.command()
@options.results_option
@click.option("--on", type=click.Choice(ENGINES), help="What runs the units. Default: what ran them last.")
@options.debug_option
def retry(*, results: Path, on: str | None) -> int:
    """Try what failed, or what a job that is gone has left, anew."""
    from artbench.cli.progress import TerminalReporter
    from artbench.matrix.workflow import plugins_of
    from artbench.matrix.workflow import retry as again

    reporter = TerminalReporter()
    registry = plugins_of(results, reporter)
    show = partial(live_table, console=reporter.console)
    submission = again(results, on=on, registry=registry, reporter=reporter, show=show)
    return _after(results, submission is not None, on=on or "", registry=registry)


@matrix.command()
@options.results_option
@options.debug_option
def cancel(*, results: Path) -> int:
    """End the jobs that Slurm still has; what they have done stays. What runs here or on Ray is ended by Ctrl-C."""
    from artbench.matrix.workflow import cancel as end

    ended = end(results)
    echo(f"Cancelled: {counted(ended, 'submission')}." if ended else "No engine has jobs of this matrix.")
    return 0


@matrix.command()
@options.results_option
@options.plugin_option
@options.debug_option
def collect(*, results: Path, plugin_files: tuple[Path, ...]) -> int:
    """Build the leaderboards of all records that are there."""
    from artbench.cli.progress import TerminalReporter
    from artbench.matrix.workflow import collect as build

    for file in build(results, registry=options.registry(plugin_files), reporter=TerminalReporter()):
        click.echo(str(file))
    return 0


def _after(results: Path, submitted: bool, *, on: str, registry: "Registry") -> int:
    """Say how it stands after units were handed over; build the leaderboards if none is left."""
    from artbench.cli.progress import TerminalReporter
    from artbench.matrix.workflow import collect as build
    from artbench.matrix.workflow import status as look

    found = look(results)
    if (submitted and on == "slurm" and not found.finished) or any(row.words for row in found.rows):
        echo(f"Submitted. `artbench matrix status --results {results}` shows how it stands.")
        return 0
    if found.count("done"):
        build(results, registry=registry, reporter=TerminalReporter())
    for row in found.rows:
        if row.state.status == "failed":
            echo(f"{row.unit}: {row.state.why}", err=True, fg="red")
    echo(summary(found))
    return 0 if found.count("done") == len(found.rows) else 1


matrix.add_command(work)
