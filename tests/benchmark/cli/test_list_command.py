"""`artbench list` of what is asked and how it is judged, and what PATTERN finds."""

import json

import pytest

from tests.support.command_line import CommandLine


def test_a_metric_is_listed_with_the_kind_of_target_that_it_is_for(command_line: CommandLine) -> None:
    lines = command_line("list", "metrics", "top5").stdout.splitlines()
    assert lines == [
        "top5_accuracy\tShare of images whose class is among the five most probable.\tsingle-label",
    ]


def test_json_has_the_same_keys_with_a_pattern_as_without(command_line: CommandLine) -> None:
    for kind, name in (
        ("metrics", "accuracy"),
        ("targets", "year"),
        ("tasks", "sample-style"),
        ("protocols", "linear-v2"),
    ):
        every, searched = (
            {row["name"]: row for row in json.loads(command_line("list", kind, *words, "--json").stdout)}
            for words in ((), (name,))
        )
        assert searched[name] == every[name]
    assert every["linear-v2"].keys() >= {"answers", "features", "version"}


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("retrieval", "met-instance"), ("museum-bias", "sample-museum-bias"), ("year", "rijksmuseum-year")],
)
def test_tasks_are_found_by_their_kind_of_target(command_line: CommandLine, pattern: str, name: str) -> None:
    rows = {row["name"]: row for row in json.loads(command_line("list", "tasks", pattern, "--json").stdout)}
    assert rows[name]["target"] == pattern


def test_a_family_without_names_is_found_by_its_own(command_line: CommandLine) -> None:
    (line,) = command_line("list", "tasks", "collection").stdout.splitlines()
    assert line.startswith("collection\tyour own: collection:PATH")
