"""`artbench leaderboard check`: whether records from others can be what they say."""

from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.options import data_option, data_root_option, debug_option, json_option, plugin_option, registry
from artbench.cli.output import print_json

if TYPE_CHECKING:
    from rich.table import Table

    from artbench.leaderboard.validation.findings import Finding, Report


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@data_root_option
@data_option
@json_option
@plugin_option
@debug_option
def check(
    folder: Path, data_root: Path | None, data: dict[str, Path], as_json: bool, plugin_files: tuple[Path, ...]
) -> int:
    """Check the records in a folder, whoever wrote them.

    DIR is a results folder, or its records/. Metrics and intervals are computed again from the predictions, and the
    predictions compared with the test of their task where its data is at hand. Exit status 1 if there is a fault; a
    notice is none.
    """
    loaded = registry(plugin_files)
    from artbench.cli.progress import notices
    from artbench.leaderboard.validation.workflow import check_records

    report = check_records(folder, registry=loaded, data_root=data_root, placed=data, reporter=notices())
    if as_json:
        print_json(
            {
                "records": report.records,
                "faults": report.count("fault"),
                "notices": report.count("notice"),
                "compared": list(report.compared),
                "findings": [asdict(finding) for finding in report.findings],
            }
        )
    else:
        _print(report)
    return 1 if report.count("fault") else 0


def _print(report: "Report") -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for file, findings in groupby(report.findings, key=lambda finding: finding.file):
        console.print(Text(file, style="bold"), soft_wrap=True)
        console.print(_table(findings))
    faults, notices = report.count("fault"), report.count("notice")
    compared = f"compared with the data of {', '.join(report.compared)}" if report.compared else "no data at hand"
    said = f"{_of(report.records, 'record')}, {compared}: {_of(faults, 'fault')}, {_of(notices, 'notice')}."
    console.print(Text(said, style="bold red" if faults else "bold green"), soft_wrap=True)


def _table(findings: Iterable["Finding"]) -> "Table":
    """A row for each finding on one file; a mend that is that of the row above is not said again."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False, expand=True, padding=(0, 2, 0, 0))
    table.add_column(width=8, justify="right")
    table.add_column(overflow="fold", ratio=3)
    table.add_column(overflow="fold", ratio=2)
    last = ""
    for finding in findings:
        severity = Text(finding.severity, style="red" if finding.severity == "fault" else "yellow")
        table.add_row(severity, Text(finding.what), Text("" if finding.mend == last else finding.mend, style="dim"))
        last = finding.mend
    return table


def _of(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"
