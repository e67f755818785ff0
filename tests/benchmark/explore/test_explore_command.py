"""`artbench explore`: a page from one command, of a record too, what it refuses, and `--serve` until it is stopped."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine

pytestmark = pytest.mark.integration

COLOURS = ("--backbone", "colour-histogram", "--pretraining", "none", "--layout", "pca")


def test_one_command_writes_a_page_and_says_what_is_in_it(
    museum: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    out = tmp_path / "deep" / "page.html"
    done = command_line("explore", f"collection:{museum}", *COLOURS, "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["pictures"] == 42
    assert found["unreadable"] == 1
    assert found["columns"] == ["sky", "year", "title"]
    assert found["duplicates"] == {"file": 0, "twins": 1, "alike": 0}
    page = out.read_text()
    assert page.startswith("<!doctype html>")
    assert "with <code>--serve</code>" in page
    said = command_line("explore", f"collection:{museum}", *COLOURS, "--out", str(out))
    assert "sky: the model is sure of another value for" in said.stdout
    assert str(out) in said.stderr
    assert out.read_text() == page


def test_a_record_is_explored_with_its_own_encoder(museum: Path, tmp_path: Path, command_line: CommandLine) -> None:
    results = str(tmp_path / "results")
    ran = command_line("run", *COLOURS[:4], "--task", f"collection:{museum}:sky", "--results", results)
    assert ran.returncode == 0, ran.stderr
    (record,) = Path(results).glob("records/*/*.json")
    out = tmp_path / "page.html"
    done = command_line("explore", "--record", str(record), "--layout", "pca", "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["backbone"] == "colour-histogram"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "Name either a DATASET"),
        (("sample", "--record", "x.json"), "Name either a DATASET"),
        (("collection:nowhere",), "there is nothing at 'nowhere'"),
        (("sample", "--port", "80"), "--port is for --serve"),
        (("sample", "--serve", "--out", "x.html"), "give one of them"),
    ],
)
def test_wrong_words_get_one_line(words: tuple[str, ...], why: str, command_line: CommandLine) -> None:
    done = command_line("explore", *words)
    assert done.returncode == 2
    assert why in " ".join(done.stderr.split())


def test_a_folder_without_its_prefix_is_told_its_name(museum: Path, command_line: CommandLine) -> None:
    done = command_line("explore", str(museum.parent))
    assert done.returncode == 2
    assert f"is called collection:{museum.parent}" in "".join(done.stderr.split("\n"))


def test_it_serves_until_ctrl_c_and_ends_well(museum: Path) -> None:
    command = [sys.executable, "-m", "artbench", "explore", f"collection:{museum}", *COLOURS, "--serve"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ)
    ) as process:
        try:
            assert process.stdout is not None
            address = next(line.strip() for line in process.stdout if line.startswith("http://127.0.0.1:"))
            # Without a proxy, which `urlopen` remembers from another test's environment.
            direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with direct.open(address, timeout=30) as page:
                assert b"drop it on this page" in page.read()
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        finally:
            process.kill()
