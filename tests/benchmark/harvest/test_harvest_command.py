"""`artbench data harvest` as it is typed: a table, stops, and what comes of it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from artbench.cli.main import artbench
from artbench.errors import ArtbenchError
from tests.support.museum_server import Museum, painting

COUNT = 12


@pytest.fixture
def table(museum: Museum, tmp_path: Path) -> Path:
    """A table of addresses, with labels that repeat, one address twice and one row without any."""
    lines = ["picture;title;painter"]
    for number in range(COUNT):
        museum.gives(f"/{number}.jpg", painting(number, kind=("JPEG", "PNG")[number % 2]))
        lines.append(f"{museum.url}/{number}.jpg;Nº {number};{('Steen', 'Cuyp')[number % 2]}")
    lines += [lines[1], ";nothing;Steen"]
    file = tmp_path / "works.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def words(table: Path, out: Path, *more: str) -> list[str]:
    return ["data", "harvest", str(table), "--out", str(out), "--private", "--delay", "0.1", *more]


def told(*command: str) -> str:
    """What a command that fails says, in a line."""
    done = CliRunner().invoke(artbench, command)
    assert done.exit_code
    return str(done.exception) if isinstance(done.exception, ArtbenchError) else done.stderr


def test_a_table_becomes_a_collection_that_is_measured(table: Path, museum: Museum, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(artbench, words(table, out, "--json"), catch_exceptions=False, standalone_mode=False)
    assert done.return_value == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["pictures"], said["refused"], said["rights"]) == (COUNT, {}, {"": COUNT})
    assert "works.csv: 12 addresses of images in the column 'picture'" in done.stderr
    assert len(list((out / "images").glob("*.png"))) == COUNT // 2
    checked = CliRunner().invoke(
        artbench, ["data", "check", f"collection:{said['table']}", "--json"], catch_exceptions=False
    )
    (found,) = json.loads(checked.stdout)
    assert found["pictures"] == COUNT
    assert [task["name"] for task in found["tasks"]] == ["collection:collection:painter"]


def test_the_same_command_fetches_nothing_again(table: Path, museum: Museum, tmp_path: Path) -> None:
    for _ in range(2):
        done = CliRunner().invoke(artbench, words(table, tmp_path / "out"), catch_exceptions=False)
        assert done.exit_code == 0
    assert [museum.asked.count(f"/{number}.jpg") for number in range(COUNT)] == [1] * COUNT
    assert "12 pictures in" in done.stdout


def test_a_killed_harvest_goes_on(table: Path, museum: Museum, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "artbench", *words(table, out)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(museum.asked) < 5 and running.poll() is None:
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    with (out / ".harvest" / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"kind":"fetched","id":"x')
    before = len(museum.asked)
    done = CliRunner().invoke(artbench, words(table, out, "--json"), catch_exceptions=False, standalone_mode=False)
    assert json.loads(done.stdout)["pictures"] == COUNT
    # robots.txt, and at most one picture that was fetched and not yet noted.
    assert len(museum.asked) - before <= COUNT - 2


def test_another_harvest_into_the_same_folder_is_refused(table: Path, museum: Museum, tmp_path: Path) -> None:
    assert CliRunner().invoke(artbench, words(table, tmp_path / "out")).exit_code == 0
    assert "holds another harvest: side differ" in told(*words(table, tmp_path / "out", "--side", "256"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--set", "1"), "--set goes with OAI-PMH"),
        (("--every-image",), "--every-image goes with IIIF"),
        (("--column", "url"), "has no column 'url'"),
        (("--side", "0"), "not in the range"),
        (("--contact", "é"), "can't be told to a server"),
    ],
)
def test_options_that_do_not_fit_are_said(more: tuple[str, ...], said: str, table: Path, tmp_path: Path) -> None:
    assert said in told(*words(table, tmp_path / "out", *more))


def test_a_table_without_addresses_and_a_file_that_is_not_there_are_said(tmp_path: Path) -> None:
    (tmp_path / "works.csv").write_text("title,painter\na,b\n")
    why = told(*words(tmp_path / "works.csv", tmp_path / "out"))
    assert "no one column holds addresses of images; it has title, painter. Name it with --column" in why
    assert "absent.csv can't be read" in told(*words(tmp_path / "absent.csv", tmp_path / "out"))
