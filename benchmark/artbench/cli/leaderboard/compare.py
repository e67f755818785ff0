"""`artbench leaderboard compare`: whether two records differ by more than chance, and in which classes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli.options import debug_option, json_option, protocol_option, results_option, task_option
from artbench.cli.output import echo, print_json, print_table

if TYPE_CHECKING:
    from artbench.leaderboard.comparison import Comparison, Located
    from artbench.leaderboard.ranking import Pair

_MOST_CLASSES = 10


@click.command()
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@task_option("The task, if A and B have records of several.")
@protocol_option()
@results_option
@json_option
@debug_option
def compare(first: str, second: str, task: str | None, protocol: str | None, results: Path, as_json: bool) -> None:
    """Test two records of one leaderboard against each other.

    A and B are ids of records, their files, or backbone/pretraining. Both are scored on the same test images; p is
    two-sided.
    """
    from artbench.cli.progress import TerminalReporter
    from artbench.leaderboard.board import boards
    from artbench.leaderboard.comparison import compare as compare_records
    from artbench.leaderboard.comparison import locate_pair
    from artbench.records.folder import ResultsFolder

    folder = ResultsFolder(results)
    one, other, records = locate_pair(
        first, second, folder=folder, task=task, protocol=protocol, reporter=TerminalReporter()
    )
    found = compare_records(one, other)
    sharing = [record for record in records if record.board == one.record.board]
    pair = boards(sharing, folder.predictions_of)[0].ranking.pair(one.record.id, other.record.id) if sharing else None
    if as_json:
        print_json(_as_json(one, other, found, pair))
    else:
        _print(one, other, found, pair)


def _as_json(one: "Located", other: "Located", found: "Comparison", pair: "Pair | None") -> dict[str, Any]:
    """The comparison as --json prints it."""
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
        "doubt": found.doubt or None,
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
    from artbench.records.format import measured, scaled
    from artbench.records.record import encoder_name, task_name

    first = one.record
    echo(f"{task_name(first)}, {first.protocol}, {first.dataset.test:,} test images")
    width = max(len(encoder_name(located.record)) for located in (one, other))
    for letter, record in (("A", one.record), ("B", other.record)):
        metric = measured(record.primary_metric, record.primary)
        echo(f"{letter}  {encoder_name(record):{width}}  {metric}  {record.id}")
    what = {"fraction": " points", "number": ""}.get(first.primary.unit, f" {first.primary.unit}")
    numbers = (found.difference, *found.ci95)
    difference, low, high = (scaled(number, first.primary.unit, signed=True) for number in numbers)
    click.echo()
    echo(f"A - B  {difference}{what} [{low}, {high}], {_p(found.p)}", bold=True)
    if found.mcnemar is not None and found.alone is not None:
        alone = f"A alone is right about {found.alone[0]:,} images, B alone about {found.alone[1]:,}"
        echo(f"exact McNemar {_p(found.mcnemar)}: {alone}")
    echo(_verdict(found, pair))
    if found.doubt:
        echo(f"The test may find a difference by chance more often than in 5 of 100 cases: {found.doubt}.")
    if found.classes:
        _print_classes(found)


def _verdict(found: "Comparison", pair: "Pair | None") -> str:
    if pair is None:
        return "Not corrected: the two are not on one leaderboard in the results folder."
    corrected = f"corrected for all pairs of their leaderboard, {_p(pair.corrected)}"
    if pair.distinguishable:
        return f"{'A' if found.better == 'first' else 'B'} is better ({corrected})."
    return f"They can't be told apart ({corrected})."


def _print_classes(found: "Comparison") -> None:
    click.echo()
    rows = []
    for row in found.classes[:_MOST_CLASSES]:
        shares = (f"{100 * row.first:.1f}", f"{100 * row.second:.1f}", f"{100 * row.difference:+.1f}")
        rows.append((row.name, f"{row.images:,}", *shares))
    title = f"By class, {found.measure} %"
    print_table(("class", "images", "A", "B", "A - B"), rows, numbers=range(1, 5), title=title)
    if len(found.classes) > _MOST_CLASSES:
        echo(f"and {len(found.classes) - _MOST_CLASSES:,} more, which differ less (--json has all)")


def _p(value: float) -> str:
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.2g}" if value < 0.1 else f"p = {value:.2f}"
