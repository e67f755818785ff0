"""`artbench leaderboard compare`: whether two records differ by more than chance, and where."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli.completion import completed
from artbench.cli.options import debug_option, json_option, results_option
from artbench.cli.output import print_json

if TYPE_CHECKING:
    from artbench.leaderboard.comparison import Comparison, Located
    from artbench.leaderboard.ranking import Pair

_MOST_CLASSES = 10


@click.command()
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option(
    "--task",
    metavar="NAME",
    shell_complete=completed("tasks"),
    help="Which task, where A and B have records of several.",
)
@results_option
@json_option
@debug_option
def compare(first: str, second: str, task: str | None, results: Path, as_json: bool) -> None:
    """Test two records of one leaderboard against each other.

    A and B are ids of records, their files, or backbone/pretraining. The test images are resampled for both alike; p
    is two-sided.
    """
    from artbench.cli.progress import notices
    from artbench.leaderboard.board import boards
    from artbench.leaderboard.comparison import compare as compare_records
    from artbench.leaderboard.comparison import locate_pair
    from artbench.records.folder import ResultsFolder

    folder = ResultsFolder(results)
    one, other, records = locate_pair(first, second, folder=folder, task=task, reporter=notices())
    found = compare_records(one, other)
    sharing = [record for record in records if record.board == one.record.board]
    pair = boards(sharing, folder.predictions_of)[0].ranking.pair(one.record.id, other.record.id) if sharing else None
    if as_json:
        print_json(_as_json(one, other, found, pair))
    else:
        _print(one, other, found, pair)


def _as_json(one: "Located", other: "Located", found: "Comparison", pair: "Pair | None") -> dict[str, Any]:
    """What is printed with --json."""
    first = one.record
    return {
        "task": first.task,
        "metric": first.primary_metric,
        "unit": first.primary.unit,
        "a": {"id": first.id, "backbone": first.backbone, "pretraining": first.pretraining},
        "b": {"id": other.record.id, "backbone": other.record.backbone, "pretraining": other.record.pretraining},
        "difference": found.difference,
        "ci95": list(found.ci95),
        "p": found.p,
        "p_corrected": None if pair is None else pair.corrected,
        "p_mcnemar": found.mcnemar,
        "right_alone": None if found.alone is None else list(found.alone),
        "better": {"first": "a", "second": "b", "": None}[found.better],
        "class_measure": found.measure or None,
        "classes": [
            {"class": row.name, "images": row.images, "a": row.first, "b": row.second, "difference": row.difference}
            for row in found.classes
        ],
    }


def _print(one: "Located", other: "Located", found: "Comparison", pair: "Pair | None") -> None:
    from rich.console import Console
    from rich.text import Text

    from artbench.records.format import amount, metric_name, unit
    from artbench.records.record import encoder_name, task_name

    console, first = Console(highlight=False), one.record
    console.print(Text(f"{task_name(first)}, {first.protocol}, {first.dataset.test:,} test images"), soft_wrap=True)
    width = max(len(encoder_name(located.record)) for located in (one, other))
    for letter, record in (("A", one.record), ("B", other.record)):
        line = Text(f"{letter}  {encoder_name(record):{width}}  {metric_name(record.primary_metric)} ")
        line.append(f"{amount(record.primary)} {unit(record.primary)}").append(f"  {record.id}", style="dim")
        console.print(line, soft_wrap=True)
    scale, what = (100, "points") if first.primary.unit == "fraction" else (1, first.primary.unit)
    low, high = (scale * end for end in found.ci95)
    said = Text(f"\nA - B  {scale * found.difference:+.1f} {what}", style="bold")
    console.print(said.append(f" [{low:+.1f}, {high:+.1f}], {_p(found.p)}", style="not bold"), soft_wrap=True)
    if found.mcnemar is not None and found.alone is not None:
        alone = f"A alone is right about {found.alone[0]:,} images, B alone about {found.alone[1]:,}"
        console.print(Text(f"exact McNemar {_p(found.mcnemar)}: {alone}"), soft_wrap=True)
    console.print(Text(_verdict(found, pair)), soft_wrap=True)
    if found.classes:
        _print_classes(console, found)


def _verdict(found: "Comparison", pair: "Pair | None") -> str:
    if pair is None:
        return "Not corrected: the two are not on one leaderboard in the results folder."
    corrected = f"corrected for all pairs of their leaderboard, {_p(pair.corrected)}"
    if pair.distinguishable:
        return f"{'A' if found.better == 'first' else 'B'} is better ({corrected})."
    return f"They can't be told apart ({corrected})."


def _print_classes(console: Any, found: "Comparison") -> None:
    from rich.table import Table
    from rich.text import Text

    console.print()
    table = Table(box=None, pad_edge=False, title_justify="left", title=Text(f"By class, {found.measure} %"))
    table.add_column("class", overflow="fold")
    for heading in ("images", "A", "B", "A - B"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in found.classes[:_MOST_CLASSES]:
        shares = (f"{100 * row.first:.1f}", f"{100 * row.second:.1f}", f"{100 * row.difference:+.1f}")
        table.add_row(Text(row.name), f"{row.images:,}", *shares)
    console.print(table)
    if len(found.classes) > _MOST_CLASSES:
        console.print(Text(f"and {len(found.classes) - _MOST_CLASSES:,} more, which differ less (--json has all)"))


def _p(value: float) -> str:
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.2g}" if value < 0.1 else f"p = {value:.2f}"
