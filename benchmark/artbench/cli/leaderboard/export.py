"""`artbench leaderboard export`: leaderboards for other programs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.options import (
    OUTPUT_FILE,
    backbone_option,
    debug_option,
    pretraining_option,
    protocol_option,
    registry,
    results_option,
    seen_option,
    task_option,
)

if TYPE_CHECKING:
    from artbench.leaderboard.board import Board

_FORMATS = ("csv", "parquet", "latex", "model-card")


@click.command()
@click.option("--format", "kind", type=click.Choice(_FORMATS), help="Format to write.")
@click.option("--methods", is_flag=True, help="Write the paragraph on methods for a paper, with the works to cite.")
@task_option("Only this task; repeatable.", multiple=True)
@backbone_option("Only this architecture; repeatable.", multiple=True)
@pretraining_option("Only this pretraining; repeatable.", multiple=True, or_path=False)
@protocol_option()
@seen_option()
@click.option("--out", type=OUTPUT_FILE, metavar="FILE", help="File to write. Default: stdout.")
@results_option
@debug_option
def export(
    kind: str | None,
    methods: bool,
    tasks: tuple[str, ...],
    backbones: tuple[str, ...],
    pretrainings: tuple[str, ...],
    protocol: str | None,
    seen: tuple[str, ...],
    out: Path | None,
    results: Path,
) -> None:
    """Write records as CSV, Parquet, LaTeX or a model card, or the paragraph on methods that belongs to them.

    A model card is the `model-index` of one encoder, for the head of its page on the Hugging Face hub. Ranks are
    among the records that are exported.
    """
    from artbench.cli.progress import TerminalReporter
    from artbench.errors import ArtbenchError, UsageError
    from artbench.leaderboard.board import boards
    from artbench.leaderboard.export.flat import flat_rows, write_parquet
    from artbench.leaderboard.seen import seen_as
    from artbench.records.folder import ResultsFolder
    from artbench.runtime.files import write_text
    from artbench.specs.variants import spelled

    if kind is None and not methods:
        raise UsageError(
            "neither --format nor --methods is given, so there is nothing to write",
            mend=f"Give --format {'|'.join(_FORMATS)}, or --methods",
        )
    if kind is not None and methods:
        raise UsageError(
            f"--format {kind} and --methods are two texts, and one is written at a time", mend="Leave one of them out"
        )
    if kind == "parquet" and out is None:
        raise UsageError("Parquet can't be printed", mend="Name a file with --out")
    folder = ResultsFolder(results)
    named = {spelled(name) for name in backbones}
    wanted = [
        record
        for record in seen_as(folder.records(TerminalReporter()), seen)
        if (not tasks or record.task in tasks)
        and protocol in (None, record.protocol)
        and (not named or record.backbone in named)
        and (not pretrainings or record.pretraining in pretrainings)
    ]
    if not wanted:
        raise UsageError(
            f"no such records in {results / 'records'}", mend="`artbench leaderboard show` lists what is there"
        )
    found = boards(wanted, folder.predictions_of)
    if out is None:
        click.echo(_text(kind, found, seen), nl=False)
        return
    try:
        if kind == "parquet":
            write_parquet(flat_rows(found), out)
        else:
            write_text(out, _text(kind, found, seen))
    except OSError as error:
        raise ArtbenchError(f"{out} can't be written ({error.strerror})", mend="Name another with --out") from error


def _text(kind: str | None, boards: "Sequence[Board]", seen: tuple[str, ...]) -> str:
    from artbench.errors import UsageError
    from artbench.leaderboard.export.flat import csv_text, flat_rows
    from artbench.leaderboard.export.latex import latex_tables

    if kind is None:
        from artbench.leaderboard.export.methods import methods

        datasets = registry(()).datasets
        names = {board.first.dataset.name for board in boards}
        sources = {spec.name: spec.source for _, spec in datasets.specs() if spec.name in names}
        return methods(boards, sources=sources, seen=seen)
    if kind == "csv":
        return csv_text(flat_rows(boards))
    if kind == "latex":
        return latex_tables(boards, seen=seen)
    from artbench.leaderboard.export.model_card import model_card
    from artbench.records.record import backbone_name, encoder_name

    records = [row.record for board in boards for row in board.rows]
    # Variants of a network have the same weights, and two states of a pretraining the same name.
    encoders = {(backbone_name(record), record.encoder.weights_sha256): encoder_name(record) for record in records}
    if len(encoders) > 1:
        found = sorted(encoders.values())
        raise UsageError(
            f"a model card describes one encoder, and these records are of {len(found)}: {'; '.join(found[:5])}"
            + ("; …" if len(found) > 5 else ""),
            mend="Say which with --backbone and --pretraining",
        )
    return model_card(records)
