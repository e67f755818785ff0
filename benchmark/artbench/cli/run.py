"""`artbench run`: the main job."""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli import options
from artbench.cli.early import check_named, check_parameters
from artbench.cli.output import echo, print_json
from artbench.protocol import DEFAULT_PROTOCOL, PROTOCOLS

if TYPE_CHECKING:
    from artbench.data.folders import DatasetPaths
    from artbench.evaluation.workflow import RunOutcome

_MOST_SHOTS = 10_000


def _shots(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, ...]:
    """Read `1,2,4`."""
    if value is None:
        return ()
    try:
        shots = tuple(int(part) for part in value.split(","))
    except ValueError:
        shots = (0,)
    if any(not 1 <= number <= _MOST_SHOTS for number in shots):
        raise click.BadParameter(f"{value!r} is not a list of numbers from 1 to {_MOST_SHOTS:,}, such as 1,2,4,8,16")
    return shots


@click.command()
@options.backbone_option("Architecture; repeatable.", required=True, multiple=True)
@options.pretraining_option(
    "Where its weights come from, or a checkpoint; repeatable.", multiple=True, default=("imagenet",)
)
@options.task_option("Task; repeatable.", required=True, multiple=True)
@options.paths_options
@options.results_option
@options.device_option
@click.option(
    "--batch-size", type=options.Number(min=1), help="Images per forward pass. Default: what suits the device."
)
@click.option("--workers", type=options.Number(min=1), help="Images decoded at once. Default: what suits the machine.")
@options.seed_option()
@click.option("--fresh", is_flag=True, help="Run again even what is on record, and extract its features anew.")
@click.option(
    "--compile",
    "compiled",
    is_flag=True,
    help="Compile the network before it extracts: pays on GPUs and for many images.",
)
@click.option(
    "--exclude", type=options.FILE, metavar="FILE.csv", help="Images to leave out, as `artbench data audit` lists them."
)
@click.option(
    "--shots",
    callback=_shots,
    metavar="N,N,...",
    help="Fit on only N training images per class, such as 1,2,4,8,16. Each N is a protocol of its own, averaged over "
    "ten draws.",
)
@click.option(
    "--width",
    type=options.Number(min=1, max=100_000),
    help="Reduce the features to so many principal components of train, to compare networks of unlike width. A "
    "protocol of its own.",
)
@click.option(
    "--protocol",
    type=click.Choice(list(PROTOCOLS)),
    default=DEFAULT_PROTOCOL.name,
    show_default=True,
    callback=lambda _, __, name: PROTOCOLS[name],
    help="Protocol to measure under; records of two never share a leaderboard.",
)
@click.option("--allow-partial", is_flag=True, help="Run although more than 1 % of the images are missing.")
@options.json_option
@options.plugin_option
@options.debug_option
def run(
    *, tasks: tuple[str, ...], paths: "DatasetPaths", as_json: bool, plugin_files: tuple[Path, ...], **fields: Any
) -> int:
    """Run every backbone with every pretraining on every task, and put the results on record.

    Results that are already on record are skipped. Records, predictions and leaderboards are written to the
    results folder. Of a dataset without labels (`collection:DIR`) it describes the features, finds near-duplicates and
    draws a map.
    """
    loaded = options.registry(plugin_files)
    check_named(loaded, {"tasks": tasks, "paths": paths, **fields}, methods=True)
    from artbench.api.run import run_request
    from artbench.cli.progress import TerminalReporter
    from artbench.evaluation.workflow import RunRequest
    from artbench.runtime.distributed import process_group
    from artbench.runtime.progress import Silent

    check_parameters(loaded, fields)
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
        what = "All of this" if known == len(outcome.results) else f"{known} of {len(outcome.results)}"
        reporter.notice(f"{what} was on record, and not run again (--fresh does).")
    if outcome.results:
        folder = outcome.results[0].file.parents[2]
        reporter.notice(f"Records in {folder / 'records'}, leaderboards in {folder / 'leaderboards'}.")
    if outcome.failures and outcome.results:
        # The reasons were printed when it happened.
        names = ", ".join(outcome.failures)
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
