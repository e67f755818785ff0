"""`artbench list`: what can be named on the command line."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.completion_names import remember_names
from artbench.cli.options import debug_option, json_option, plugin_option, print_json, registry

if TYPE_CHECKING:
    from artbench.plugins import Registry

KINDS = ("backbones", "pretrainings", "datasets", "tasks")


@click.command("list")
@click.argument("kind", type=click.Choice(KINDS), required=False)
@click.argument("pattern", required=False)
@json_option
@plugin_option
@debug_option
def list_(kind: str | None, pattern: str | None, as_json: bool, plugin_files: tuple[Path, ...]) -> None:
    """List backbones, pretrainings, datasets and tasks.

    PATTERN is a part of a name or a shell pattern such as 'vit_*dino*', and also searches the families,
    such as all models of timm.
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
        _print_table(kind, [row for row in found if row["kind"] == kind[:-1]])


def _rows(loaded: "Registry", kind: str, pattern: str | None) -> list[dict[str, str]]:
    catalogue = getattr(loaded, kind)
    common = {"kind": catalogue.kind}
    if pattern:
        found = [
            {"name": name, **common, "description": description, "plugin": entry.plugin, "from": entry.distribution}
            for entry, name, description in catalogue.search(pattern)
        ]
        remember_names(catalogue)
        return found
    rows = [
        {
            "name": spec.name,
            **common,
            "description": spec.description,
            **({"dataset": spec.dataset, "primary_metric": spec.primary_metric} if kind == "tasks" else {}),
            "plugin": entry.plugin,
            "from": entry.distribution,
        }
        for entry, spec in catalogue.specs()
    ]
    return rows + [
        {
            "name": family.name,
            **common,
            "description": f"{family.description} (a family: `artbench list {kind} PATTERN` searches it)",
            "plugin": entry.plugin,
            "from": entry.distribution,
        }
        for entry, family in catalogue.families()
    ]


def _print_table(title: str, rows: list[dict[str, str]]) -> None:
    if not rows:
        return
    if not sys.stdout.isatty():
        # One line each, neither wrapped nor cut, for grep and cut; rich would only cost time.
        for row in rows:
            click.echo(f"{row['name']}\t{row['description']}")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", overflow="fold")
    table.add_column(overflow="fold")
    table.add_column(style="dim", overflow="fold")
    for row in rows:
        source = row["plugin"] if row["from"] == "artbench" else f"{row['from']}:{row['plugin']}"
        table.add_row(Text(row["name"]), Text(row["description"]), Text(source))
    Console().print(table)
