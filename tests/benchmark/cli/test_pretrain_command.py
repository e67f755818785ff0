"""`artbench pretrain`, and `artbench run` with what it has made."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import training as toys
from tests.support.command_line import CommandLine
from tests.support.plugins import TOY

SMALL = ["--set", "batch_size=16", "--set", "sub_batch=8", "--set", "steps=4", "--set", "crop_size=16"]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)


def words_of(*words: str, out: str = "out") -> list[str]:
    toy = ["--backbone", "toy-patches", "--dataset", "toy", "--out", out]
    return ["pretrain", "moco-v2", *toy, *words, "--plugin", str(TOY)]


@pytest.mark.integration
def test_it_trains_and_run_takes_the_folder(tmp_path: Path, command_line: CommandLine) -> None:
    (tmp_path / "settings.toml").write_text("temperature = 0.1\n")
    words = words_of(*SMALL, "--settings", "settings.toml", "--pack", "--knn", "toy-colour")
    command = [sys.executable, "-m", "artbench", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "out/encoder.safetensors\n"
    assert "60 images of toy" in done.stderr
    assert "kNN accuracy on toy-colour" in done.stderr
    words = ["--backbone", "toy-patches", "--pretraining", "out", "--pretraining", "random", "--task", "toy-colour"]
    ran = command_line("run", *words, "--json", "--plugin", str(TOY))
    assert ran.returncode == 0, ran.stderr
    trained, random = json.loads(ran.stdout)
    history = trained["encoder"]["training"]
    assert (trained["pretraining"], history["method"], history["settings"]["temperature"]) == ("out", "moco-v2", 0.1)
    assert trained["encoder"]["pool"]["images"] == 60
    assert trained["encoder"]["pool"]["test_images"] == 0
    assert random["encoder"]["training"] is None
    assert trained["encoder"]["weights_sha256"] != random["encoder"]["weights_sha256"]
    again = command_line(*words_of(*SMALL))
    assert again.returncode == 1
    assert "--resume" in again.stderr


def test_a_folder_of_pictures_without_labels_trains_and_is_described(
    tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # UMAP takes many seconds to import.
    monkeypatch.setitem(sys.modules, "umap", None)
    toys.paint(tmp_path / "scans" / "Depot", broken=(3,))
    words = ["--backbone", "toy-patches", "--dataset", "collection:scans", "--out", "out"]
    done = command_line("pretrain", "moco-v2", *words, *SMALL, "--plugin", str(TOY))
    assert done.returncode == 0, done.stderr
    assert "collection:scans has no labels: all 60 images train" in done.stderr
    words = ["--backbone", "toy-patches", "--pretraining", "out", "--task", "collection:scans"]
    ran = command_line("run", *words, "--plugin", str(TOY))
    assert ran.returncode == 0, ran.stderr
    assert "has no labels, and so no task: its images are all in one folder, Depot" in ran.stderr
    assert "among 60 images, 1 of them unreadable" in ran.stdout


@pytest.mark.parametrize(
    ("method", "words", "told"),
    [
        ("moco-v2", ["--set", "momentum=1.5"], "momentum=1.5 is outside its range, 0 to 1"),
        ("moco-v2", ["--set", "momentun=0.5"], "The nearest: momentum"),
        ("moco-v2", ["--backbone", "toy-patch"], "toy-patches"),
        ("moco-v2", ["--backbone", "toy-patches@layer=2"], "Train toy-patches, and choose the layer"),
        ("moco-v2", ["--dataset", "toys"], "toy"),
        ("moco-v2", ["--knn", "toy-traits"], "multi-label"),
        ("moco-v2", ["--set", "batch_size=64"], "60 images, fewer than a batch of 64"),
        ("moco-v2", ["--save-minutes", "nan"], "nan is no span of time"),
        ("moco-v2", ["--save-minutes", "-1"], "-1.0 is not in the range x>=0"),
        ("moco-v4", [], "moco-v3"),
        ("imagenet", [], "imagenet is not a method"),
    ],
)
def test_a_wrong_word_is_status_two_and_nothing_is_made(
    tmp_path: Path, command_line: CommandLine, method: str, words: list[str], told: str
) -> None:
    usual = ["--backbone", "toy-patches", "--dataset", "toy", "--out", "out", "--plugin", str(TOY)]
    done = command_line("pretrain", method, *usual, *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert not (tmp_path / "out").exists()


def test_names_are_found_once_before_the_work_and_once_for_it_and_settings_read_once(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from artbench.plugins.catalogue import Catalogue
    from artbench.pretrain import workflow

    found: list[str] = []
    read: list[object] = []
    find, settings = Catalogue.find, vars(workflow)["read_settings"]

    def finding(section: Any, name: str) -> Any:
        found.append(name)
        return find(section, name)

    def reading(*kinds: Any, **given: Any) -> Any:
        read.append(kinds)
        return settings(*kinds, **given)

    monkeypatch.setattr(Catalogue, "find", finding)
    monkeypatch.setattr(workflow, "read_settings", reading)
    done = command_line(*words_of(*SMALL, "--set", "steps=1", "--set", "warmup_epochs=0"))
    assert done.returncode == 0, done.stderr
    assert (found.count("moco-v2"), found.count("toy-patches"), len(read)) == (2, 2, 1)
