"""The start stays light, and every wrong word is answered in a line with the right exit status."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

import click
import pytest

from artbench.cli.main import artbench as main
from tests.support.command_line import CommandLine

HEAVY = {"torch", "torchvision", "timm", "sklearn", "scipy", "numpy", "pyarrow", "PIL", "pydantic"}


def artbench(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "artbench", *words], capture_output=True, text=True, cwd=cwd)


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["list"], ["list", "tasks"], ["plugins"]])
def test_nothing_heavy_is_imported(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "artbench", *words], capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "artbench" in imported
    assert not imported & HEAVY


def test_list_shows_what_the_built_in_plugins_offer(command_line: CommandLine) -> None:
    rows = json.loads(command_line("list", "--json").stdout)
    named = {(row["kind"], row["name"]) for row in rows}
    assert {
        ("task", "wikiart-style"),
        ("task", "wikiart-artist"),
        ("task", "wikiart-genre"),
        ("task", "sample-style"),
        ("task", "sample-artist"),
        ("task", "sample-material"),
        ("dataset", "wikiart"),
        ("dataset", "sample"),
        ("pretraining", "random"),
        ("pretraining", "imagenet"),
        ("backbone", "timm"),
        ("backbone", "torchvision"),
    } <= named


@pytest.mark.integration
def test_a_pattern_searches_the_families(command_line: CommandLine) -> None:
    rows = json.loads(command_line("list", "backbones", "vit_*dinov2*", "--json").stdout)
    assert rows
    assert all(row["name"].startswith("vit_") and "dinov2" in row["name"] for row in rows)


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["--version"], 0, "artbench "),
        (["nonsense"], 2, "there is no command 'nonsense'. There are run, pretrain, matrix, list"),
        (["pretran"], 2, "Did you mean pretrain?"),
        (["explain", "gradcan"], 2, "Did you mean gradcam? `artbench explain --help`"),
        (["run", "--bakbone", "x"], 2, "'--bakbone'. Did you mean '--backbone'? `artbench run --help`"),
        (["run", "--sho", "1"], 2, "'--sho'. Did you mean '--shots'"),
        (["run"], 2, "--backbone"),
        (["run", "--backbone", "x", "--task", "y", "--data", "no-equals-sign"], 2, "DATASET=PATH"),
        (["list", "paintings"], 2, "paintings"),
        (["list", "tasks", "--plugin", "gone.py"], 2, "gone.py"),
        (["list", "tasks", "--plugin", str(Path(__file__).parents[3] / "README.md")], 2, "not a Python file"),
        (["run", "--backbone", "x", "--task", "y", "--results", ""], 2, "empty"),
        (["leaderboard", "build", "--results", "empty"], 1, "artbench run"),
        (["leaderboard", "show", "--results", "empty"], 1, "artbench run"),
    ],
)
def test_exit_statuses(
    words: list[str],
    status: int,
    says: str,
    command_line: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = command_line(*words)
    assert done.returncode == status
    assert says in done.stdout + done.stderr
    assert len(done.stderr.splitlines()) <= 1


@pytest.mark.parametrize("words", [["--debug", "leaderboard", "build"], ["leaderboard", "build", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(words: list[str], tmp_path: Path) -> None:
    # In a process of its own: what shows a traceback is Python, at its end.
    done = artbench(*words, cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pipes here that close like those of POSIX")
def test_a_reader_that_has_enough_ends_the_command_like_sigpipe() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "artbench", "list", "tasks"], stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("group", ["data", "features", "cache", "leaderboard"])
def test_no_sentence_of_a_group_is_cut_on_a_narrow_terminal(
    group: str, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    done = command_line(group, "--help")
    assert done.returncode == 0
    assert "..." not in done.stdout.partition("Commands:")[2]


def test_numbers_are_shown_in_words(command_line: CommandLine) -> None:
    shown = command_line("explain", "map", "--help").stdout + command_line("run", "--help").stdout
    assert "--batch-size N" in shown
    assert "30 to 1,200" in shown
    assert "RANGE" not in shown
    refused = command_line("run", "--backbone", "x", "--task", "y", "--workers", "0")
    assert refused.returncode == 2
    assert "0 is not in the range 1 or more" in refused.stderr


def test_a_group_tells_in_whole_sentences_what_its_commands_do(command_line: CommandLine) -> None:
    done = command_line()
    assert done.returncode == 2
    assert "..." not in done.stderr.partition("Commands:")[2]
    assert "put the results on record." in " ".join(done.stderr.split())


def test_a_cache_that_cannot_be_written_is_named(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "taken"))
    done = command_line("cache")
    assert done.returncode == 1
    assert "taken" in done.stderr
    assert "ARTBENCH_CACHE" in done.stderr


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo-terminals here")
def test_members_of_a_family_share_one_description_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    terminal, end = os.openpty()
    said: list[bytes] = []

    def read() -> None:
        with suppress(OSError):  # Linux has no end of file there.
            while part := os.read(terminal, 10_000):
                said.append(part)

    reader = Thread(target=read)
    reader.start()
    # In this process: another would import timm again.
    with os.fdopen(end, "w") as screen, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", screen)
        main(["list", "backbones", "resnet18*"], standalone_mode=False)
    reader.join()
    os.close(terminal)
    shown = b"".join(said)
    lines = [line.split() for line in click.unstyle(shown.decode()).splitlines()]
    assert shown.count(b"every model of timm") == 1
    assert ["resnet18.fb_ssl_yfcc100m_ft_in1k", "11.2", "M"] in [line[:3] for line in lines]


def test_a_pattern_takes_capitals_for_small_letters(command_line: CommandLine) -> None:
    assert "sample-style" in command_line("list", "tasks", "SAMPLE-*").stdout


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo-terminals here")
@pytest.mark.parametrize("wanted", [True, False])
def test_colours_only_where_they_are_wanted(wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "" if wanted else "1")
    terminal, end = os.openpty()
    command = [sys.executable, "-m", "artbench", "list", "tasks", "--plugin", "nowhere.py"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=end, check=False)
    os.close(end)
    said = os.read(terminal, 10_000).decode()
    os.close(terminal)
    assert "nowhere.py" in said
    assert ("\x1b[" in said) == wanted
