"""`artbench list`: the names for the command line."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli.options import debug_option, json_option, plugin_option, registry
from artbench.cli.output import echo, print_json, print_table
from artbench.specs import Family, Particulars, PretrainingSpec

if TYPE_CHECKING:
    from artbench.plugins.catalogue import Entry
    from artbench.plugins.registry import Registry

# Counting the parameters of a model takes a fifth of a second, the first time.
_FEW = 100
KINDS = ("backbones", "pretrainings", "datasets", "tasks", "targets", "metrics", "protocols")
# What --json has of a spec besides its name, by kind.
_MORE: Mapping[str, tuple[str, ...]] = {
    "tasks": ("dataset", "target", "primary_metric"),
    "targets": ("answer", "metrics"),
    "protocols": ("answers", "features", "version", "reference"),
    "metrics": ("target", "unit", "higher_is_better", "statistic", "reference"),
}


@click.command("list")
@click.argument("kind", type=click.Choice(KINDS), required=False)
@click.argument("pattern", required=False)
@json_option
@plugin_option
@debug_option
def list_(kind: str | None, pattern: str | None, as_json: bool, plugin_files: tuple[Path, ...]) -> None:
    """List backbones, pretrainings, datasets, tasks, kinds of target, metrics and protocols.

    PATTERN is a part of a name, or of a task's kind of target, or a shell pattern such as 'vit_*dino*'. It also
    searches families, such as all models of timm. Up to 100 backbones are shown with their number of parameters, and
    with whether their published weights are cached. The whole name of a method that trains, as in
    `artbench list pretrainings moco-v2`, lists its settings too. Nothing is downloaded.
    """
    loaded = registry(plugin_files)
    kinds = [kind] if kind else list(KINDS)
    found = [row for kind in kinds for row in _rows(loaded, kind, pattern)]
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo(f"nothing matches {pattern!r}" if pattern else "nothing is registered", err=True)
    for kind in kinds:
        rows = [row for row in found if row["kind"] == kind[:-1]]
        _print_table(kind, rows)
        for row in rows:
            _print_settings(row)


def _rows(loaded: "Registry", kind: str, pattern: str | None) -> list[dict[str, Any]]:
    catalogue = getattr(loaded, kind)

    def row(entry: "Entry[Any]", name: str, description: str, **more: Any) -> dict[str, Any]:
        family = entry.item.name if isinstance(entry.item, Family) and name != entry.item.name else None
        if not isinstance(entry.item, Family):
            more |= {stated: getattr(entry.item, stated) for stated in _MORE.get(kind, ())}
        owner = {"family": family, "plugin": entry.plugin, "from": entry.distribution}
        return {"name": name, "kind": catalogue.kind, "description": description, **more, **owner}

    if pattern:
        matches = list(catalogue.search(pattern))
        if kind == "pretrainings":
            return [row(*match) | (_settings(match[0].item) if match[1] == pattern else {}) for match in matches]
        if kind != "backbones":
            return [row(*match) for match in matches]
        stated = [catalogue.particulars(*match[:2]) if len(matches) <= _FEW else Particulars() for match in matches]
        return [
            row(*match, parameters=more.parameters, weights=more.weights)
            for match, more in zip(matches, stated, strict=True)
        ]
    found = [row(entry, spec.name, spec.description) for entry, spec in catalogue.specs()]
    about = f"(a family: `artbench list {kind} PATTERN` searches it)"
    return found + [row(entry, one.name, f"{one.description} {about}") for entry, one in catalogue.families()]


def _settings(spec: object) -> dict[str, Any]:
    """The settings of a method that trains, under their key in JSON."""
    if not isinstance(spec, PretrainingSpec) or spec.method is None:
        return {}
    # Only now: torch takes seconds to import.
    from artbench.pretrain.settings_list import list_settings
    from artbench.pretrain.workflow import load_method

    return {"settings": [asdict(setting) for setting in list_settings(load_method(spec).settings)]}


def _print_settings(row: dict[str, Any]) -> None:
    settings = row.get("settings", [])
    if not settings:
        return
    columns = ("name", "default", "takes", "meaning")
    cells = [[setting[column] for column in columns] for setting in settings]
    if not sys.stdout.isatty():
        for line in cells:
            click.echo("\t".join([f"  {line[0]}", *line[1:]]))
        return
    click.echo()
    headings = ("--set", "default", "takes", "")
    print_table(headings, cells, title=f"Settings of {row['name']}, its own first")


def _particulars(row: dict[str, Any], absent: str = "weights to download") -> list[str]:
    """Return cells beside the name: the target of a metric; of backbones that were searched, size and weights."""
    if row["kind"] == "metric":
        return [row["target"]]
    if "weights" not in row:
        return []
    count = row["parameters"]
    size = "" if count is None else f"{count / 1e6:.1f} M"
    return [size, {"none": "no weights", "here": "weights here", "": ""}.get(row["weights"], absent)]


def _print_table(title: str, rows: list[dict[str, Any]]) -> None:
    if not sys.stdout.isatty():
        # One line each, neither wrapped nor cut, for grep and cut; rich would only cost time.
        for row in rows:
            click.echo("\t".join([row["name"], row["description"], *_particulars(row)]).rstrip("\t"))
        return
    from rich.text import Text

    for family, members in groupby(rows, key=itemgetter("family")):
        cells: list[list[Text | str]] = []
        for row in members:
            about = row["description"]
            origin = row["plugin"] if row["from"] == "artbench" else f"{row['from']}:{row['plugin']}"
            own = [] if family else [about, Text(origin, style="dim")]
            cells.append([Text(row["name"], style="bold"), *_particulars(row, "to download"), *own])
        width = len(cells[0])
        numbers = range(1, width if family else width - 2)
        print_table([""] * width, cells, numbers=numbers, title=f"{origin}: {about}" if family else title)
    if any(row["family"] and not row.get("weights", "-") for row in rows):
        echo(f"Parameters and weights are shown for up to {_FEW} at a time.", err=True, dim=True)
