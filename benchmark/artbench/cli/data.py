"""`artbench data`: whether images are complete, what leaks from training into test, and where to get them."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli import options
from artbench.cli.completion import completed
from artbench.cli.early import check_named
from artbench.cli.harvest import harvest
from artbench.cli.label_audit import show_label_audit
from artbench.cli.lazy import Group
from artbench.cli.output import echo, print_json, print_table
from artbench.runtime.text import counted, printable

if TYPE_CHECKING:
    from artbench.audit.dataset_check import DatasetCheck, TaskCheck
    from artbench.data.folders import DatasetPaths


_names = click.argument("names", nargs=-1, required=True, metavar="DATASET...", shell_complete=completed("datasets"))
_SHOWN = 10
_SPLITS = ("train", "validation", "test")


@click.group(cls=Group)
def data() -> None:
    """Check, audit, download and harvest datasets."""


data.add_command(harvest)


@data.command()
@_names
@options.paths_options
@options.json_option
@options.plugin_option
@options.debug_option
def check(names: tuple[str, ...], paths: "DatasetPaths", as_json: bool, plugin_files: tuple[Path, ...]) -> int:
    """Show how many images of each DATASET are there, missing or broken, and how its classes are distributed.

    Results are cached: an image is decoded again only when its file changes. The exit status is 1 if an image is
    missing or can't be decoded, or a task can't be read.
    """
    loaded = options.registry(plugin_files, paths)
    check_named(loaded, {"datasets": names, "paths": paths})
    from artbench.audit.dataset_check import check_datasets
    from artbench.cli.progress import TerminalReporter

    found = check_datasets(names, registry=loaded, paths=paths, reporter=TerminalReporter())
    if as_json:
        print_json([entry.as_json() for entry in found])
    else:
        for entry in found:
            _print_check(entry)
    return 0 if all(entry.sound for entry in found) else 1


@data.command()
@_names
@click.option(
    "--labels", is_flag=True, help="Name records in place of datasets: list test images that look mislabelled."
)
@click.option("--training", is_flag=True, help="With --labels: list training images that look mislabelled too.")
@options.collection_option("With --training: the task of the records")
@click.option("--out", type=options.FOLDER, default=Path("audit"), show_default=True, help="Folder of what is written.")
@options.backbone_option("Compare features of this architecture too.")
@options.pretraining_option(default="imagenet")
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="Compare the images it was pretrained on with the test images; with --training: of a record whose "
    "pretraining it is; repeatable.",
)
@click.option(
    "--exclude",
    type=options.FILE,
    metavar="FILE.csv",
    help="With --training: exclusion list that the records were made with, if any.",
)
@options.paths_options
@options.device_option
@options.json_option
@options.plugin_option
@options.debug_option
def audit(
    names: tuple[str, ...],
    labels: bool,
    training: bool,
    task: str | None,
    out: Path,
    backbone: str | None,
    pretraining: str,
    checkpoints: tuple[Path, ...],
    exclude: Path | None,
    paths: "DatasetPaths",
    device: str,
    as_json: bool,
    plugin_files: tuple[Path, ...],
) -> None:
    """Find images that occur twice, within each DATASET and across them, and those that leak into a test.

    Writes a report and a list for `artbench run --exclude`. Records made after an audit say how many of their test
    images have a near duplicate in training.

    With --labels it reads the predictions beside records of one task, and lists the test images that most of them are
    confident to be mislabelled; with --training it fits probes again, and lists training images too.

    \b
      artbench data audit --labels results/records/sample-style/*.json
      artbench data audit --labels --training results/records/sample-style/*.json
    """  # noqa: D301  click reads the control character
    from artbench.errors import UsageError

    if training and not labels:
        raise UsageError("--training goes with --labels", mend="Name records, or leave it out")
    if (task is not None or exclude is not None) and not training:
        raise UsageError(
            f"{'--exclude' if task is None else '--task'} goes with --labels --training", mend="Leave it out"
        )
    files = [Path(name) for name in names]
    if training:
        if backbone is not None:
            raise UsageError("the records say which encoders judge", mend="Leave out --backbone")
        loaded = options.registry(plugin_files, paths)
        check_named(loaded, {"paths": paths})
        from artbench.cli.progress import TerminalReporter
        from artbench.explain.sources import Sources
        from artbench.explain.training_labels import audit_all_labels

        sources = Sources(tasks=() if task is None else (task,), paths=paths, exclude=exclude, device=device)
        reporter = TerminalReporter()
        show_label_audit(
            audit_all_labels(files, sources=sources, checkpoints=checkpoints, registry=loaded, reporter=reporter),
            out=out,
            as_json=as_json,
        )
        return
    if labels:
        if backbone is not None or checkpoints or paths.by_name:
            raise UsageError("--labels reads records alone", mend="Leave out --backbone, --checkpoint and --data")
        from artbench.audit.label_noise import audit_labels

        show_label_audit(audit_labels(files), out=out, as_json=as_json)
        return
    loaded = options.registry(plugin_files, paths)
    check_named(loaded, {"paths": paths, "datasets": names, "backbone": backbone, "pretraining": pretraining})
    from artbench.audit.report import write_report
    from artbench.audit.workflow import AuditEncoder, audit_datasets
    from artbench.cli.progress import TerminalReporter

    encoding = None if backbone is None else AuditEncoder(backbone=backbone, pretraining=pretraining, device=device)
    findings = audit_datasets(
        names, registry=loaded, paths=paths, encoding=encoding, checkpoints=checkpoints, reporter=TerminalReporter()
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
    leaking = len(findings.leaking)
    click.echo(
        f"{counted(twins, 'pair')} of near-duplicates, {leaking:,} of them {'leaks' if leaking == 1 else 'leak'}"
    )
    for leak in findings.leaks:
        seen = f"{leak.same:,} pretrained on, " if leak.same else ""
        click.echo(
            f"{leak.task}: of {counted(leak.tested, 'test image')} {seen}{leak.twins:,} with a near-duplicate "
            "in training"
        )
    for file in files:
        click.echo(str(file))


@data.command()
@click.argument("name", metavar="DATASET", shell_complete=completed("datasets"))
@options.paths_options
@click.option("--accept-terms", is_flag=True, help="Accept the terms of the dataset without being asked.")
@options.plugin_option
@options.debug_option
def download(name: str, paths: "DatasetPaths", accept_terms: bool, plugin_files: tuple[Path, ...]) -> int:
    """Download DATASET if its terms allow it; else say where it is published and where to put the files.

    The terms are shown first. A download that was stopped is resumed. The exit status is 1 if the dataset has to be
    fetched by hand.
    """
    loaded = options.registry(plugin_files, paths)
    from artbench.data.folders import download as fetch
    from artbench.data.folders import how_to_get
    from artbench.errors import UsageError

    spec = loaded.datasets.get(name)
    folder = paths.by_name.get(spec.name) or (None if paths.root is None else paths.root / spec.name)
    if spec.download is None:
        click.echo(how_to_get(spec, folder))
        return 0 if spec.prepare is not None else 1
    if folder is None:
        raise UsageError(f"no folder is given for {spec.name}", mend=f"Give --data-root DIR, or --data {spec.name}=DIR")
    click.echo(f"{spec.name} comes from {spec.source}\nIts terms: {spec.terms or 'none are stated there'}", err=True)
    if not accept_terms:
        if not sys.stdin.isatty():
            raise UsageError("the terms are not accepted", mend="Read them, and give --accept-terms")
        click.confirm("Do you accept them?", abort=True, err=True)
    fetch(spec, folder.expanduser())
    click.echo(f"Complete. `artbench data check {spec.name}` decodes every image.", err=True)
    click.echo(str(folder))
    return 0


def _print_check(entry: "DatasetCheck") -> None:
    from rich.text import Text

    of = f" of {entry.published:,}" if entry.published else ""
    echo(f"{entry.name}: {entry.pictures:,}{of} images in {entry.root}", bold=True)
    _print_images(entry)
    rows: list[list[Text | str]] = []
    for task in entry.tasks:
        missing = Text(_count(task.missing), style="red" if task.partial else "yellow" if task.missing else "")
        ratio = f"{task.imbalance:,.1f} : 1" if task.imbalance else ""
        counts = [_count(task.rows.get(name)) for name in _SPLITS]
        rows.append([task.name, *counts, _count(task.classes or None), missing, ratio])
        if task.as_published is False:
            stated = ["  published", *(_count(task.published.get(name)) for name in (*_SPLITS, "classes")), "", ""]
            rows.append([Text(cell, style="dim") for cell in stated])
    if rows:
        print_table(("task", *_SPLITS, "classes", "missing", "imbalance"), rows, numbers=range(1, 7))
    for task in entry.tasks:
        _print_classes(task)
        _print_missing(task)
        if task.untrained_classes:
            echo(f"  {task.name}: {task.untrained_classes:,} of {task.classes:,} classes have no image to train on")
        if task.problem:
            echo(f"  {task.name} can't be read: {task.problem}", fg="red")


def _print_images(entry: "DatasetCheck") -> None:
    if entry.repeated:
        echo(f"  {entry.repeated:,} images have the same bytes as another (`artbench data audit` shows them)")
    if entry.undecodable:
        echo(f"  {len(entry.undecodable):,} can't be decoded:", fg="red")
        for id_, reason in list(entry.undecodable.items())[:_SHOWN]:
            echo(f"    {printable(id_, escapes=True)}: {reason}")
        if len(entry.undecodable) > _SHOWN:
            echo("    … (--json lists all)")
    for remark in entry.remarks:
        echo(f"  {remark}")


def _print_classes(task: "TaskCheck") -> None:
    if task.class_sizes:
        echo(f"  {task.name}: {_some([f'{name} {count:,}' for name, count in task.class_sizes.items()])}")
    for largest, *others in task.near_equal_classes:
        many = ", ".join(f"{name!r} ({task.class_sizes[name]:,})" for name in others)
        echo(
            f"  {task.name}: {many} and {largest!r} ({task.class_sizes[largest]:,}) differ in case, accents or "
            f"signs only. If they are one class, write {largest!r} for all",
            fg="yellow",
        )


def _print_missing(task: "TaskCheck") -> None:
    if not task.missing:
        return
    where = ", ".join(
        f"{task.missing_by_split[name]:,} of {task.missing_by_split[name] + task.rows[name]:,} in {name}"
        for name in _SPLITS
        if task.missing_by_split.get(name)
    )
    echo(f"  {task.name}: missing {f'are {where}: ' if where else ''}{_some(task.missing_images)}")


def _some(names: Sequence[str]) -> str:
    """Name the first of many things."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more (--json lists all)" if more > 0 else "")


def _count(count: int | None) -> str:
    return "–" if count is None else f"{count:,}"
