"""`artbench leaderboard verify`: whether predictions come from the weights that records name."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.options import (
    Number,
    checkpoint_option,
    debug_option,
    device_option,
    exclude_option,
    json_option,
    paths_options,
    plugin_option,
    registry,
)
from artbench.cli.output import echo, print_findings, print_json

if TYPE_CHECKING:
    from artbench.data.folders import DatasetPaths

# Exit status: no record could be verified.
_NOTHING = 3


@click.command()
@click.argument(
    "places", metavar="DIR|RECORD...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True)
)
@click.option(
    "--sample",
    type=Number(1, 10_000),
    default=32,
    show_default=True,
    help="Test images, and training images, to extract of each record.",
)
@checkpoint_option
@click.option("--seed", type=Number(0, None), help="Seed of the images drawn. Default: a secret one, which is printed.")
@paths_options
@exclude_option
@device_option
@json_option
@plugin_option
@debug_option
def verify(
    places: tuple[Path, ...],
    sample: int,
    checkpoint: Path | None,
    seed: int | None,
    paths: "DatasetPaths",
    exclude: Path | None,
    device: str,
    as_json: bool,
    plugin_files: tuple[Path, ...],
) -> int:
    """Extract some images again, and compare the predictions on record with those that the named weights give.

    Each DIR is a results folder, its records/ or one of the folders there. The weights of the probe that lie beside a
    record turn features into predictions; a test on training images tells whether that probe was fitted on the training
    split alone. Of a record of retrieval all of the index is extracted, and the rankings of some queries are compared;
    of one of museum bias all pictures are. PASS: verified. FAIL: refuted, or the verification broke; the exit status is
    1. SKIP: weights, data or probe are not here; the exit status is 3 if nothing else was found. Check the records
    first.
    """
    loaded = registry(plugin_files, paths, remembered=False)
    from artbench.cli.progress import TerminalReporter
    from artbench.errors import UsageError
    from artbench.explain.sources import Sources
    from artbench.runtime.text import counted
    from artbench.verify.workflow import VerifyRequest, records_in, verify_records

    files = tuple(records_in(places))
    if checkpoint is not None and len(files) > 1:
        raise UsageError("--pretraining is the checkpoint of one record", mend="Name that record alone")
    sources = Sources(paths=paths, checkpoint=checkpoint, exclude=exclude, device=device)
    request = VerifyRequest(files=files, sources=sources, sample=sample, seed=seed)
    found = verify_records(request, registry=loaded, reporter=TerminalReporter())
    counts = {"verified": found.verified, "refuted": found.refuted, "skipped": found.skipped}
    if as_json:
        shown = [
            {"file": one.name, "status": one.status, "what": one.message, "mend": one.mend} for one in found.findings
        ]
        print_json({"seed": found.seed, "sample": sample, **counts, "findings": shown})
    else:
        print_findings((finding.name, finding) for finding in found.findings)
        echo(f"Images drawn with --seed {found.seed}.", err=True)
        echo(
            f"{counted(len(files), 'record')}: {found.verified:,} verified, {found.refuted:,} refuted, "
            f"{found.skipped:,} could not be verified.",
            bold=True,
            fg="red" if found.refuted else "yellow" if found.skipped else "green",
        )
    return 1 if found.refuted else 0 if found.verified else _NOTHING
