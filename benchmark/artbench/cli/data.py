"""`artbench data`: whether the pictures are there and whole, what leaks, and where to get them."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.completion import completed
from artbench.cli.options import (
    FOLDER,
    data_option,
    data_root_option,
    debug_option,
    device_option,
    json_option,
    plugin_option,
    registry,
)
from artbench.cli.output import print_json

if TYPE_CHECKING:
    from rich.console import Console

    from artbench.audit.dataset_check import DatasetCheck


_names = click.argument("names", nargs=-1, required=True, metavar="DATASET...", shell_complete=completed("datasets"))
_SHOWN = 10
_SPLITS = ("train", "validation", "test")


@click.group()
def data() -> None:
    """Whether the pictures are there and whole, what leaks from training into the test, and where to get them."""


@data.command()
@_names
@data_root_option
@data_option
@json_option
@plugin_option
@debug_option
def check(
    names: tuple[str, ...],
    data_root: Path | None,
    data: dict[str, Path],
    as_json: bool,
    plugin_files: tuple[Path, ...],
) -> int:
    """Show what is there of each DATASET, what is missing and what can't be decoded, and how classes are spread.

    What was looked at is kept, and not looked at again until its file changes. Exit status 1 if anything is
    missing or can't be decoded, or a task can't be read.
    """
    loaded = registry(plugin_files)
    from artbench.audit.dataset_check import check_images
    from artbench.audit.image_index import index_images
    from artbench.cli.progress import notices
    from artbench.data.opening import open_datasets_with_tasks
    from artbench.runtime.files import cache_folder

    reporter = notices()
    holdings = open_datasets_with_tasks(names, registry=loaded, data_root=data_root, placed=data, reporter=reporter)
    found = [
        check_images(
            holding.spec,
            index_images(holding.dataset, cache=cache_folder() / "surveys", reporter=reporter),
            holding.tasks,
            holding.targets,
            holding.closed,
        )
        for holding in holdings
    ]
    if as_json:
        print_json([entry.as_json() for entry in found])
    else:
        for entry in found:
            print_health(entry)
    return 0 if all(entry.sound for entry in found) else 1


@data.command()
@_names
@click.option(
    "--out",
    type=FOLDER,
    default=Path("audit"),
    show_default=True,
    help="Folder for report.html, report.md, exclude.csv.",
)
@click.option(
    "--backbone",
    metavar="NAME",
    shell_complete=completed("backbones"),
    help="Compare features of this architecture too.",
)
@click.option(
    "--pretraining",
    default="imagenet",
    show_default=True,
    metavar="NAME|PATH",
    shell_complete=completed("pretrainings", or_path=True),
    help="Where its weights come from, or a checkpoint.",
)
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="Compare what it was pretrained on with what is tested; repeatable.",
)
@data_root_option
@data_option
@device_option
@json_option
@plugin_option
@debug_option
def audit(
    names: tuple[str, ...],
    out: Path,
    backbone: str | None,
    pretraining: str,
    checkpoints: tuple[Path, ...],
    data_root: Path | None,
    data: dict[str, Path],
    device: str,
    as_json: bool,
    plugin_files: tuple[Path, ...],
) -> None:
    """Look for pictures that are there twice, within each DATASET and from one to another, and for what leaks.

    Writes a report and a list for `artbench run --exclude`; records made from now on say how many of their
    test pictures have a twin in training.
    """
    loaded = registry(plugin_files)
    from artbench.audit.report import write_report
    from artbench.audit.workflow import AuditEncoder, audit_datasets
    from artbench.cli.progress import notices

    encoding = None if backbone is None else AuditEncoder(backbone=backbone, pretraining=pretraining, device=device)
    findings = audit_datasets(
        names,
        registry=loaded,
        data_root=data_root,
        placed=data,
        encoding=encoding,
        checkpoints=checkpoints,
        reporter=notices(),
    )
    files = write_report(findings, out)
    twins = sum(pair.twins for pair in findings.pairs)
    if as_json:
        print_json(
            {
                "tiers": list(findings.tiers),
                "encoder": findings.encoder,
                "twins": twins,
                "alike": len(findings.pairs) - twins,
                "leaking_pairs": len(findings.leaking),
                "leaks": [asdict(leak) for leak in findings.leaks],
                "files": [str(file) for file in files],
            }
        )
        return
    click.echo(f"{twins:,} pairs of twins, {len(findings.leaking):,} of them leak")
    for leak in findings.leaks:
        seen = f"{leak.same:,} pretrained on, " if leak.same else ""
        click.echo(f"{leak.task}: of {leak.tested:,} test pictures {seen}{leak.twins:,} with a twin in training")
    for file in files:
        click.echo(str(file))


@data.command()
@click.argument("name", metavar="DATASET", shell_complete=completed("datasets"))
@data_root_option
@data_option
@click.option("--accept-terms", is_flag=True, help="Don't ask: I have read the terms of the dataset and accept them.")
@plugin_option
@debug_option
def download(
    name: str, data_root: Path | None, data: dict[str, Path], accept_terms: bool, plugin_files: tuple[Path, ...]
) -> int:
    """Download DATASET where a program may; for others, say where they are published and what to put where.

    The terms are shown first. A download that was stopped goes on where it was. Exit status 1 if there is nothing
    that a program may download.
    """
    loaded = registry(plugin_files)
    from artbench.data.folders import download as fetch
    from artbench.data.folders import how_to_get
    from artbench.errors import UsageError

    spec = loaded.datasets.get(name)
    folder = data.get(spec.name) or (None if data_root is None else data_root / spec.name)
    if spec.download is None:
        click.echo(how_to_get(spec, folder))
        return 0 if spec.prepare is not None else 1
    if folder is None:
        raise UsageError(
            f"nothing says where {spec.name} should go", mend=f"Give --data-root DIR, or --data {spec.name}=DIR"
        )
    click.echo(f"{spec.name} comes from {spec.source}\nIts terms: {spec.terms or 'none are stated there'}", err=True)
    if not accept_terms:
        if not sys.stdin.isatty():
            raise UsageError("the terms are not accepted", mend="Read them, and give --accept-terms")
        click.confirm("Do you accept them?", abort=True, err=True)
    fetch(spec, folder.expanduser())
    click.echo(f"Complete. `artbench data check {spec.name}` looks at every picture.", err=True)
    click.echo(str(folder))
    return 0


def print_health(entry: "DatasetCheck") -> None:
    """Print the state of a dataset on stdout."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    of = f" of {entry.published:,}" if entry.published else ""
    console.print(Text(f"{entry.name}: {entry.pictures:,}{of} pictures in {entry.root}", style="bold"), soft_wrap=True)
    _print_pictures(entry, console)
    table = Table(box=None, pad_edge=False)
    table.add_column("task", overflow="fold")
    for heading in (*_SPLITS, "classes", "missing", "imbalance"):
        table.add_column(heading, justify="right")
    for task in entry.tasks:
        rows = [_count(task.rows.get(name)) for name in _SPLITS]
        missing = Text(_count(task.missing), style="red" if task.partial else "yellow" if task.missing else "")
        ratio = f"{task.imbalance:,.1f} : 1" if task.imbalance else ""
        table.add_row(Text(task.name), *rows, _count(task.classes or None), missing, ratio)
        if task.as_published is False:
            stated = [_count(task.published.get(name)) for name in (*_SPLITS, "classes")]
            table.add_row(Text("  published"), *stated, style="dim")
    console.print(table)
    for task in entry.tasks:
        if task.untrained_classes:
            text = f"  {task.name}: {task.untrained_classes:,} of {task.classes:,} classes have no image to train on"
            console.print(Text(text), soft_wrap=True)
        if task.problem:
            console.print(Text(f"  {task.name} can't be read: {task.problem}", style="red"), soft_wrap=True)


def _print_pictures(entry: "DatasetCheck", console: "Console") -> None:
    from rich.text import Text

    if entry.repeated:
        console.print(f"  {entry.repeated:,} pictures have the bytes of another (`artbench data audit` shows them)")
    if entry.undecodable:
        console.print(f"  {len(entry.undecodable):,} can't be decoded:", style="red")
        for id_, reason in list(entry.undecodable.items())[:_SHOWN]:
            console.print(Text(f"    {_printable(id_)}: {reason}"), soft_wrap=True)
        if len(entry.undecodable) > _SHOWN:
            console.print("    … (--json names all)")


def _count(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _printable(text: str) -> str:
    """A name without what could steer a terminal."""
    return text if text.isprintable() else ascii(text)
