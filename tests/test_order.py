"""The files that begin first are there."""

from pathlib import Path

from tests.conftest import LONGEST


def test_the_longest_files_are_there() -> None:
    assert [file for file in LONGEST if not (Path(__file__).parent / file).is_file()] == []
