"""`artbench predict`: labels or dates for pictures, by the encoder and probe of a record."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli import options
from artbench.cli.output import echo, print_json
from artbench.runtime.text import counted

if TYPE_CHECKING:
    from artbench.catalogue.predict import Prediction
    from artbench.data.folders import DatasetPaths


@click.command()
@click.option(
    "--record",
    required=True,
    type=options.FILE,
    metavar="RECORD.json",
    help="Record whose encoder and probe say what pictures show.",
)
@click.option("--images", required=True, metavar="DIR|DATASET", help="Folder of pictures, or a dataset.")
@click.option(
    "--out",
    required=True,
    type=options.OUTPUT_FILE,
    metavar="FILE",
    help="Table to write, .csv or .parquet; a new file.",
)
@click.option(
    "--precision",
    type=float,
    metavar="P",
    help='Share of the answers that must be right, such as 0.95; what is less sure gets "don\'t know".',
)
@click.option(
    "--coverage",
    type=float,
    metavar="C",
    help="Share of pictures whose year should lie in its interval. Default: 0.9.",
)
@options.collection_option()
@options.checkpoint_option
@options.exclude_option
@options.paths_options
@options.device_option
@options.json_option
@options.plugin_option
@options.debug_option
def predict(
    *,
    task: str | None,
    checkpoint: Path | None,
    exclude: Path | None,
    paths: "DatasetPaths",
    device: str,
    as_json: bool,
    plugin_files: tuple[Path, ...],
    **fields: Any,
) -> None:
    """Write what a record's encoder and probe take every picture for, with calibrated probabilities.

    \b
      artbench predict --record results/records/sample-style/NAME.json \\
        --images pictures --out labels.csv --precision 0.95
    """  # noqa: D301  click reads the control character
    from artbench.catalogue.request import PredictRequest, about_file
    from artbench.explain.sources import Sources

    loaded = options.registry(plugin_files, paths)
    tasks = () if task is None else (task,)
    sources = Sources(tasks=tasks, paths=paths, checkpoint=checkpoint, exclude=exclude, device=device)
    request = PredictRequest(sources=sources, **fields)
    checked = request.check(loaded)
    # Torch takes seconds to import.
    from artbench.catalogue.predict import predict_pictures
    from artbench.cli.progress import TerminalReporter

    done = predict_pictures(request, checked, registry=loaded, reporter=TerminalReporter())
    if as_json:
        print_json(done.as_json())
        return
    for line in _lines(done):
        echo(line)
    echo(f"The answers are in {done.file}, and how they were made in {about_file(done.file)}.", err=True)


def _lines(done: "Prediction") -> list[str]:
    facts, test = done.facts, done.facts["test"]
    others = done.pictures - done.answered - len(done.unreadable)
    said = f"{done.answered:,} of {counted(done.pictures, 'picture')} have an answer"
    said += f', {others:,} a "don\'t know"' if others else ""
    said += f", {len(done.unreadable):,} can't be read" if done.unreadable else ""
    lines = [said, *_calibration(facts, test)]
    if "accuracy" in test:
        lines.append(f"on the test of {facts['task']}, {_share(test['accuracy'])} of the first guesses are right")
    precision = facts.get("precision")
    if precision is None:
        return [*lines, *_without_precision(facts, test)]
    asked = f"{precision['asked']:.4g} asked for with a confidence of {precision['confidence']:.0%}"
    if "threshold" in precision:
        share = test["answered"] / test["images"]
        lines.append(
            f"of {test['images']:,} test images {share:.1%} get an answer, {_share(test['precision'])} of them the "
            f"right one ({asked}; from a probability of {precision['threshold']:.3f} on)"
        )
        return lines
    never = f"; {counted(len(precision['never_given']), 'label')} can't be promised and are never given"
    lines.append(
        f"of {test['labels_given']:,} labels given to {test['images']:,} test images {_share(test['precision'])} are "
        f"right ({asked} of each label{never if precision['never_given'] else ''}), and {test['recall']:.1%} of all "
        "labels are given"
    )
    return lines


def _without_precision(facts: Mapping[str, Any], test: Mapping[str, Any]) -> list[str]:
    if "coverage" in facts:
        asked = facts["coverage"]
        return [
            f"intervals reach {asked['margin']:,.4g} to either side; {_share(test['coverage'])} of {test['images']:,} "
            f"test images lie in theirs ({asked['asked']:.4g} asked for)"
        ]
    if "labels_given" in test:
        return [
            f"of {test['labels_given']:,} labels given to {test['images']:,} test images {_share(test['precision'])} "
            f"are right, and {test['recall']:.1%} of all labels are given"
        ]
    return []


def _calibration(facts: Mapping[str, Any], test: Mapping[str, Any]) -> list[str]:
    if "temperature" not in facts:
        return []
    loss, error = test["log_loss"], test.get("calibration_error")
    said = f"temperature {facts['temperature']:.2f}: log loss on the test {loss['before']:.3f} before, "
    said += f"{loss['after']:.3f} after"
    if error is not None:
        said += f"; calibration error {error['before']:.1%} before, {error['after']:.1%} after"
    return [said]


def _share(found: Mapping[str, Any]) -> str:
    low, high = found["ci95"]
    return "none" if found["value"] is None else f"{found['value']:.1%} [{100 * low:.1f}, {100 * high:.1f}]"
