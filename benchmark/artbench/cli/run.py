"""`artbench run`: the main job."""

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli import options
from artbench.cli.early import check_named, check_parameters
from artbench.cli.measuring import measuring_options
from artbench.cli.output import echo, print_json, stdout_for_others
from artbench.plugins.protocols import protocol_to_run

if TYPE_CHECKING:
    from artbench.data.folders import DatasetPaths
    from artbench.evaluation.request import RunOutcome


@click.command()
@measuring_options(required=True)
@click.option(
    "--devices",
    type=options.Number(min=1, max=64),
    default=1,
    help="Processes that share the images, one a GPU (on the CPU they share the cores). Default: 1.",
)
@click.option("--fresh", is_flag=True, help="Run again even what is on record, and extract its features anew.")
@options.json_option
@options.plugin_option
@options.debug_option
def run(
    *,
    tasks: tuple[str, ...],
    paths: "DatasetPaths",
    devices: int,
    as_json: bool,
    plugin_files: tuple[Path, ...],
    **fields: Any,
) -> int:
    """Run every backbone with every pretraining on every task, and put the results on record.

    Results that are already on record are skipped. Records, predictions and leaderboards are written to the
    results folder. Of a dataset without labels (`collection:DIR`) it describes the features, finds near-duplicates and
    draws a map.
    """
    loaded = options.registry(plugin_files, paths)
    fields["protocol"] = protocol_to_run(fields["protocol"])
    check_named(loaded, {"tasks": tasks, "paths": paths, **fields}, methods=True)
    from artbench.api.run import run_request
    from artbench.cli.progress import TerminalReporter
    from artbench.evaluation.request import RunRequest
    from artbench.runtime.distributed import process_group
    from artbench.runtime.machine import check_devices
    from artbench.runtime.progress import Silent
    from artbench.runtime.several import in_group, run_several

    check_parameters(loaded, fields)
    if devices > 1 and not in_group():
        check_devices(fields["device"], devices)
        return run_several(sys.argv[1:], count=devices, stdout=stdout_for_others())
    request = RunRequest(tasks=tasks, paths=paths, **fields)
    with process_group() as group:
        outcome = run_request(request, registry=loaded, reporter=TerminalReporter() if group.first else Silent())
        if group.first and as_json:
            records = [result.record.as_json() for result in outcome.results]
            print_json([*records, *(result.as_json() for result in outcome.unlabelled)])
        elif group.first:
            _print(outcome)
            _print_unlabelled(outcome, request.results)
    return 1 if outcome.failures else 0


def _print(outcome: "RunOutcome") -> None:
    """Print the results of a run on stdout, encoder by encoder, and notices on stderr."""
    from rich.console import Console
    from rich.text import Text

    from artbench.cli.progress import TerminalReporter
    from artbench.records.format import amount, metric_name, unit
    from artbench.records.record import encoder_name, task_name

    console, reporter = Console(highlight=False), TerminalReporter()
    # A pipe has whole lines; a terminal wraps between words.
    whole = not console.is_terminal
    tasks = max((len(task_name(result.record)) for result in outcome.results), default=0)
    for encoder, results in groupby(outcome.results, key=lambda result: encoder_name(result.record)):
        console.print(Text(encoder, style="bold"), soft_wrap=whole)
        for result in results:
            record, interval = result.record, amount(result.record.primary).partition(" ")
            line = Text(f"  {task_name(record):{tasks}}  {metric_name(record.primary_metric)} ")
            line.append(f"{interval[0]} {unit(record.primary)}", style="bold").append(f" {interval[2]}")
            line.append(f"  rank {result.place} of {result.of}", style="dim")
            console.print(line, soft_wrap=whole)
    known = sum(not result.new for result in outcome.results)
    if known:
        every = "What is listed" if outcome.failures else "All of this"
        what = every if known == len(outcome.results) else f"{known} of {len(outcome.results)}"
        reporter.notice(f"{what} was on record, and not run again (--fresh does).")
    if outcome.results:
        folder = outcome.results[0].file.parents[2]
        reporter.notice(f"Records in {folder / 'records'}, leaderboards in {folder / 'leaderboards'}.")
    if outcome.failures and outcome.results:
        # The reasons were printed when it happened.
        names = "; ".join(outcome.failures)
        Console(stderr=True).print(Text(f"Failed, for the reasons above: {names}", style="red"))


def _print_unlabelled(outcome: "RunOutcome", results: Path) -> None:
    """Print what was found of images without labels, a line for each thing."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for result in outcome.unlabelled:
        title = f"{result.backbone}, {result.pretraining}"
        console.print(Text(title, style="bold").append(f"  {result.dataset}, without labels"), soft_wrap=True)
        figures, duplicates = result.sentences()
        where = f"Map: {results / result.folder / 'map.html'}" if result.mapped else "Too few images for a map"
        echo(f"  {figures}")
        echo(f"  {duplicates}: {results / result.duplicates_folder / 'report.html'}")
        echo(f"  {where}")
