"""`artbench leaderboard show`: as JSON, and where there is nothing to show."""

import json
from pathlib import Path

import pytest

from artbench.records.folder import ResultsFolder
from tests.support.command_line import CommandLine
from tests.support.ranked_results import board_of, fill


@pytest.fixture
def results(tmp_path: Path) -> ResultsFolder:
    return ResultsFolder(tmp_path / "results")


def test_json_has_an_object_for_each_record_with_its_ranks(results: ResultsFolder, command_line: CommandLine) -> None:
    board = board_of(fill(results), results)
    done = command_line("leaderboard", "show", "--results", str(results.path), "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["id"] for row in rows] == [row.record.id for row in board.rows]
    places = [board.place_of(row.record) for row in board.rows]
    assert [(row["rank_low"], row["rank_high"]) for row in rows] == [(place.low, place.high) for place in places]
    assert rows[0]["accuracy"] == board.rows[0].record.primary.value


def test_records_of_one_protocol_alone(results: ResultsFolder, command_line: CommandLine) -> None:
    fill(results)
    narrow = {one.id for one in fill(results, protocol="linear-v2-width-40", protocol_hash="e" * 64)}
    where = ("--results", str(results.path), "--protocol")
    done = command_line("leaderboard", "show", "--json", *where, "linear-v2-width-40")
    assert {row["id"] for row in json.loads(done.stdout)} == narrow
    done = command_line("leaderboard", "export", "--format", "csv", *where, "linear-v2-width-40")
    assert len(done.stdout.splitlines()) == 1 + len(narrow)
    done = command_line("leaderboard", "show", *where, "linear-v3")
    assert done.returncode == 2
    assert "There are records under linear-v" in done.stderr
    done = command_line("leaderboard", "show", "toy-styel", *where[:2])
    assert done.returncode == 2
    assert "Did you mean 'toy-style'?" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("show", "nosuch"),
        ("publish", "nosuch", "--out", "published"),
        ("export", "--format", "csv", "--task", "nosuch"),
    ],
)
def test_a_task_without_records_is_a_usage_error(
    words: tuple[str, ...], results: ResultsFolder, command_line: CommandLine
) -> None:
    fill(results)
    done = command_line("leaderboard", *words, "--results", str(results.path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "no" in done.stderr
