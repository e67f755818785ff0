"""`artbench cache`: all that is kept in the cache folder, with its size, and removing it."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from artbench.cli.lazy import Group
from artbench.cli.options import debug_option, json_option
from artbench.cli.output import echo, print_json, print_table
from artbench.runtime.cache_kinds import CACHE_KINDS
from artbench.runtime.text import size

if TYPE_CHECKING:
    from artbench.features.inventory import StoredFeatures

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SPANS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d{1,15}(?:\.\d+)?)\s*([kmgt]?)b?", text.strip().lower())
    if match is None:
        raise click.BadParameter(f"{text!r} is not a size such as 500MB or 20GB")
    return int(float(match[1]) * _UNITS[match[2]])


def _span(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,6})\s*([hdw])", text.strip().lower())
    if match is None:
        raise click.BadParameter(f"{text!r} is not a span such as 12h, 30d or 8w")
    return int(match[1]) * _SPANS[match[2]]


@click.group(cls=Group, invoke_without_command=True)
@json_option
@debug_option
@click.pass_context
def cache(context: click.Context, as_json: bool) -> None:
    """List all that is kept, with its size and the ages of features, or remove some."""
    if context.invoked_subcommand is not None:
        return
    from artbench.features.inventory import stored_features
    from artbench.runtime.files import cache_folder

    cache = cache_folder()
    entries = stored_features(cache / "features")
    kinds = [(kind, taken) for kind in CACHE_KINDS if (taken := kind.bytes(cache))]
    if as_json:
        others = [
            {"kind": kind.name, "name": kind.name, "bytes": taken, "folder": str(cache / kind.path)}
            for kind, taken in kinds
        ]
        print_json([*({"kind": "features", **_row(entry)} for entry in entries), *others])
        return
    if entries:
        print_table(
            ("dataset", "backbone", "pretraining", "size", "made", "used"),
            [
                (one.dataset, one.backbone, one.pretraining, size(one.bytes), _age(one.created), _age(one.used))
                for one in entries
            ],
            numbers=range(3, 6),
        )
    features = sum(entry.bytes for entry in entries)
    rows = [(kind.name, size(taken), kind.about) for kind, taken in kinds]
    if features:
        rows.insert(0, ("features", size(features), "those of images, by each encoder"))
    if rows:
        print_table(("kind", "size", "what it is"), rows, numbers=(1,))
    total = features + sum(taken for _, taken in kinds)
    echo(f"{size(total)} in {cache}. `artbench cache remove` makes room.", err=True)


@cache.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--older-than", type=_span, metavar="SPAN", help="Features not used for this long: 12h, 30d, 8w.")
@click.option("--down-to", type=_bytes, metavar="SIZE", help="Oldest features, until the rest fits: 20GB.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(["features", *(kind.name for kind in CACHE_KINDS)]),
    help="All of one kind, as `artbench cache` lists them; repeatable.",
)
@click.option("--ranks", is_flag=True, help="The same as --kind ranks.")
@click.option("--all", "everything", is_flag=True, help="Everything, trained encoders too.")
@debug_option
def remove(
    names: tuple[str, ...],
    older_than: timedelta | None,
    down_to: int | None,
    kinds: tuple[str, ...],
    ranks: bool,
    everything: bool,
) -> None:
    """Remove features by name, age or size, or all of a kind; what is needed is made again.

    NAME is a dataset, a backbone, a pretraining, or DATASET/BACKBONE/PRETRAINING; `*` stands for anything.
    """
    from artbench.cli.progress import TerminalReporter
    from artbench.errors import UsageError
    from artbench.features.inventory import remove as remove_from_disk
    from artbench.features.inventory import select, stored_features
    from artbench.runtime.files import cache_folder

    chosen = bool(names or older_than is not None or down_to is not None)
    wanted = {*kinds, *(("ranks",) if ranks else ())}
    if everything == bool(chosen or wanted) or (chosen and "features" in wanted):
        raise click.UsageError("Say what to remove: names, --older-than, --down-to, --kind, or --all.")
    cache = cache_folder()
    entries = stored_features(cache / "features") if chosen or everything or "features" in wanted else []
    for name in names:
        if not select(entries, names=[name]):
            raise UsageError(f"no features are stored of {name!r}", mend="`artbench cache` lists what is stored")
    freed, reporter = 0, TerminalReporter()
    for entry in select(entries, names=names, older_than=older_than, down_to=down_to):
        if remove_from_disk(entry, reporter):
            freed += entry.bytes
            click.echo(f"{entry.name}\t{size(entry.bytes)}")
        else:
            echo(f"{entry.name} is being extracted, and was not removed.", err=True)
    for kind in (kind for kind in CACHE_KINDS if everything or kind.name in wanted):
        taken, busy = kind.remove(cache, reporter)
        for stays in busy:
            echo(f"{stays} is being made, and was not removed.", err=True)
        freed += taken
        if taken:
            click.echo(f"{kind.name}\t{size(taken)}")
    click.echo(f"{size(freed)} freed." if freed else "Nothing to remove.", err=True)


def _row(entry: "StoredFeatures") -> dict[str, object]:
    return {
        "name": entry.name,
        "dataset": entry.dataset,
        "backbone": entry.backbone,
        "pretraining": entry.pretraining,
        "dtype": entry.dtype,
        "bytes": entry.bytes,
        "created": entry.created.isoformat(),
        "used": entry.used.isoformat(),
        "folder": str(entry.folder),
    }


def _age(time: datetime) -> str:
    age = datetime.now(UTC) - time
    if age < timedelta(hours=1):
        return "just now"
    return f"{age.days} d ago" if age >= timedelta(days=2) else f"{age // timedelta(hours=1)} h ago"
