"""`artbench leaderboard check`: whether records from others are sound."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.options import debug_option, json_option, paths_options, plugin_option, registry
from artbench.cli.output import echo, fitted, print_findings, print_json

if TYPE_CHECKING:
    from artbench.data.folders import DatasetPaths
    from artbench.leaderboard.validation.findings import Report

_SEVERITIES = {"FAIL": "fault", "WARN": "notice"}


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@paths_options
@click.option(
    "--memory",
    type=click.IntRange(100, 1_000_000),
    default=650,
    show_default=True,
    metavar="MB",
    help="Memory that the check of one record may take; on Linux only.",
)
@json_option
@plugin_option
@debug_option
def check(folder: Path, paths: "DatasetPaths", memory: int, as_json: bool, plugin_files: tuple[Path, ...]) -> int:
    """Check the records in a folder, whoever wrote them.

    DIR is a results folder, or its records/. Metrics and intervals are computed again from the predictions, and the
    predictions are compared with the test split of their task if its data is here. A fault is FAIL, a notice WARN;
    the exit status is 1 if there is a fault.
    """
    loaded = registry(plugin_files, paths, remembered=False)
    from artbench.cli.progress import TerminalReporter
    from artbench.evaluation.sizes_apart import sizes_apart
    from artbench.leaderboard.validation.workflow import check_records

    report = check_records(
        folder,
        registry=loaded,
        paths=paths,
        sizes=sizes_apart(plugin_files),
        memory=memory * 10**6,
        reporter=TerminalReporter(),
    )
    if as_json:
        print_json(
            {
                "records": report.records,
                "faults": report.count("FAIL"),
                "notices": report.count("WARN"),
                "compared": list(report.compared),
                "unchecked": [{"what": what, "files": list(files)} for what, files in report.unchecked.items()],
                "findings": [
                    {
                        "file": finding.name,
                        "what": finding.message,
                        "mend": finding.mend,
                        "severity": _SEVERITIES[finding.status],
                    }
                    for finding in report.findings
                ],
            }
        )
    else:
        _print(report)
    return 1 if report.count("FAIL") else 0


def _print(report: "Report") -> None:
    statuses = print_findings((finding.name, finding) for finding in report.findings)
    faults, notices = statuses["FAIL"], statuses["WARN"]
    compared = f"compared with the data of {', '.join(report.compared)}" if report.compared else "no data at hand"
    said = f"{_of(report.records, 'record')}, {compared}: {_of(faults, 'fault')}, {_of(notices, 'notice')}."
    if report.unchecked:
        echo("Could not be checked:")
        for what, files in report.unchecked.items():
            echo(fitted(f"- {what} ({_of(len(files), 'record')})"))
    echo(said, bold=True, fg="red" if faults else "green")


def _of(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"
