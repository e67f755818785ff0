"""stdout that is closed, full, or knows ASCII alone: none of them is a fault in artbench."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RELEASED = Path(__file__).resolve().parents[2] / "released" / "artbench-0.1.0"
EXPORT = f"leaderboard export --format csv --results {RELEASED}"
SHOW = f"leaderboard show --results {RELEASED}"


def shell(words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = f"{sys.executable} -m artbench {words}"
    return subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.mark.integration
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", [EXPORT, SHOW, "list tasks --json", "--help"])
def test_a_full_disk_is_called_one(words: str) -> None:
    done = shell(f"{words} > /dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("artbench: the output can't be written (No space left on device).")
    assert "fault" not in done.stderr


@pytest.mark.integration
@pytest.mark.parametrize("words", [SHOW, "list tasks --json"])
def test_whoever_closes_stdout_wants_no_output(words: str) -> None:
    for closed in (">&-", ">&- 2>&-", "<&- >&- 2>&-"):
        done = shell(f"{words} {closed}")
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert "fault" not in done.stderr


def test_no_file_takes_the_place_of_a_closed_stdout(tmp_path: Path) -> None:
    done = shell(f"leaderboard build --results {RELEASED} --out {tmp_path} >&-", ARTBENCH_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "README.md").read_text(encoding="utf-8").startswith("# Leaderboards")


def test_what_a_terminal_has_no_letter_for_is_spelled_out() -> None:
    script = "from artbench.cli.output import *; prepare_streams(); print_table(('a',), [('n\\xe9',)]); echo('\\ud800')"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert b"n\\xe9" in done.stdout
