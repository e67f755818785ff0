"""`artbench doctor`: what would get in the way, and how to mend it."""

import sys
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.options import data_option, data_root_option, debug_option, json_option, plugin_option
from artbench.cli.output import print_json

if TYPE_CHECKING:
    from artbench.runtime.findings import Finding

_COLOURS = {"PASS": "green", "WARN": "yellow", "FAIL": "red"}
_WIDEST = 100


@click.command()
@data_root_option
@data_option
@click.option("--offline", is_flag=True, help="Ask no server.")
@json_option
@plugin_option
@debug_option
def doctor(
    data_root: Path | None, data: dict[str, Path], offline: bool, as_json: bool, plugin_files: tuple[Path, ...]
) -> int:
    """Examine the installation, the machine, the data and the plugins.

    Every line is PASS, WARN or FAIL, the latter two with what to do about it. The exit status is 1 if anything
    fails.
    """
    from artbench.doctor.examination import Environment, examine
    from artbench.plugins.loading import load_plugins

    registry = load_plugins(plugin_files)
    for name in data:
        registry.datasets.get(name)
    patient = Environment(registry=registry, data_root=data_root, placed=data, offline=offline)
    statuses: Counter[str] = Counter()
    rows = []
    for check, found in groupby(examine(patient), key=lambda pair: pair[0]):
        if not as_json:
            click.secho(check, bold=True)
        for _, finding in found:
            statuses[finding.status] += 1
            rows.append(_row(check, finding))
            if not as_json:
                _print(finding)
    if as_json:
        print_json(rows)
    else:
        click.echo(f"{statuses['PASS']} passed, {statuses['WARN']} to look at, {statuses['FAIL']} failed.")
    return 1 if statuses["FAIL"] else 0


def _row(check: str, finding: "Finding") -> dict[str, str]:
    return {
        "name": finding.name,
        "check": check,
        "status": finding.status,
        "message": finding.message,
        "mend": finding.mend,
    }


def _print(finding: "Finding") -> None:
    """One finding: wrapped under its name on a terminal, on one line elsewhere, for grep."""
    status = click.style(finding.status, fg=_COLOURS[finding.status])
    mend = finding.mend and f"{finding.mend}."
    if not sys.stdout.isatty():
        click.echo(f"{status}  {_plain(finding.name)}: {_plain(finding.message)}. {_plain(mend)}".rstrip())
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    console.width = min(console.width, _WIDEST)
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(width=6)
    line.add_column(width=15, overflow="fold")
    line.add_column(overflow="fold")
    said = Text(_plain(finding.message))
    if mend:
        said.append(f"\n{_plain(mend)}", style="dim")
    line.add_row(Text(f"  {finding.status}", style=_COLOURS[finding.status]), Text(_plain(finding.name)), said)
    console.print(line)


def _plain(text: str) -> str:
    """Without what a name or a reason from elsewhere could do to a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
