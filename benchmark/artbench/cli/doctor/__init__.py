"""`artbench doctor`: problems of the installation, and how to solve them."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.options import debug_option, json_option, paths_options, plugin_option
from artbench.cli.output import echo, print_checks

if TYPE_CHECKING:
    from artbench.data.folders import DatasetPaths


@click.command()
@paths_options
@click.option("--offline", is_flag=True, help="Send no request to any server.")
@json_option
@plugin_option
@debug_option
def doctor(paths: "DatasetPaths", offline: bool, as_json: bool, plugin_files: tuple[Path, ...]) -> int:
    """Examine the installation, the machine, the data and the plugins.

    Every line is PASS, WARN or FAIL, the latter two with what to do about it, or SKIP for datasets that are not here.
    The exit status is 1 if anything fails.
    """
    from artbench.cli.doctor.examination import Environment, examine
    from artbench.data.places import with_places
    from artbench.plugins.loading import load_plugins

    registry = with_places(load_plugins(plugin_files), paths, lambda line: echo(line, err=True))
    for name in paths.by_name:
        registry.datasets.get(name)
    found = examine(Environment(registry=registry, paths=paths, offline=offline))
    return print_checks((({"check": check}, check, finding) for check, finding in found), as_json=as_json)
