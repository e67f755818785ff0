"""`artbench list tasks`: what PATTERN finds."""

import json

import pytest

from tests.support.command_line import CommandLine


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("retrieval", "met-instance"), ("museum-bias", "sample-museum-bias"), ("year", "rijksmuseum-year")],
)
def test_tasks_are_found_by_their_kind_of_target(command_line: CommandLine, pattern: str, name: str) -> None:
    rows = {row["name"]: row for row in json.loads(command_line("list", "tasks", pattern, "--json").stdout)}
    assert rows[name]["target"] == pattern
    # As without a pattern.
    (same,) = (row for row in json.loads(command_line("list", "tasks", "--json").stdout) if row["name"] == name)
    assert rows[name] == same


def test_a_family_without_names_is_found_by_its_own(command_line: CommandLine) -> None:
    (line,) = command_line("list", "tasks", "collection").stdout.splitlines()
    assert line.startswith("collection\tyour own: collection:PATH")
