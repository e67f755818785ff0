"""Nothing that a plugin prints gets into the JSON of a command."""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.plugin_files import GOOD, plugin_file

pytestmark = pytest.mark.integration


def test_a_plugin_that_prints_does_not_spoil_json(tmp_path: Path) -> None:
    noisy = plugin_file(tmp_path, "print('hello from the import')\n" + dedent(GOOD))
    command = [sys.executable, "-m", "artbench", "list", "tasks", "--json", "--plugin", str(noisy)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "etchings-school" in {row["name"] for row in json.loads(done.stdout)}
    assert "hello from the import" in done.stderr


def test_nothing_that_a_plugin_prints_by_any_way_gets_into_json(tmp_path: Path) -> None:
    loud = """
        import os, subprocess, sys
        from artbench import hookimpl
        from artbench.specs import Family

        os.write(1, b"by its number\\n")
        subprocess.run([sys.executable, "-c", "print('by a process')"], check=True)

        @hookimpl
        def register_backbones(register):
            register(Family(name="loud", description="Prints.", resolve=lambda name: None, names=names))

        def names():
            print("when it is used")
            return ["loudest"]
    """
    file = plugin_file(tmp_path, loud)
    command = [sys.executable, "-m", "artbench", "list", "backbones", "loudest", "--json", "--plugin", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [row["name"] for row in json.loads(done.stdout)] == ["loudest"]
    for text in ("by its number", "by a process", "when it is used"):
        assert text in done.stderr


def test_json_is_there_although_stderr_is_closed() -> None:
    command = f"{sys.executable} -m artbench list tasks --json 2>&-"
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, text=True, check=True)
    assert json.loads(done.stdout)
