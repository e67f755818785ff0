"""`artbench doctor`: what would get in the way, and how to mend it."""

from pathlib import Path

import click

from artbench.cli.options import data_option, data_root_option, debug_option, json_option, plugin_option
from artbench.cli.output import counted, print_findings, print_json


@click.command()
@data_root_option
@data_option
@click.option("--offline", is_flag=True, help="Send no request to any server.")
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
    found = examine(Environment(registry=registry, data_root=data_root, placed=data, offline=offline))
    if as_json:
        rows = [
            {
                "name": finding.name,
                "check": check,
                "status": finding.status,
                "message": finding.message,
                "mend": finding.mend,
            }
            for check, finding in found
        ]
        print_json(rows)
        return 1 if any(row["status"] == "FAIL" for row in rows) else 0
    statuses = print_findings(found)
    click.echo(counted(statuses))
    return 1 if statuses["FAIL"] else 0
