"""`artbench features export` writes what `artbench.features` returns."""

import csv
from pathlib import Path

import numpy as np
import pytest

import artbench
from tests.support.command_line import CommandLine
from tests.support.plugins import TOY

WORDS = ("features", "export", "--backbone", "toy-patches", "--pretraining", "random", "--plugin", str(TOY))


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def test_it_writes_the_features_and_ids_of_all_images(command_line: CommandLine) -> None:
    done = command_line(*WORDS, "--dataset", "toy", "--out", "out", "--seed", "3", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    files = [Path("out") / f"toy-toy-patches-random{suffix}" for suffix in (".npy", ".csv")]
    assert done.stdout.split() == [str(file) for file in files]
    ids, matrix = artbench.features(
        backbone="toy-patches", pretraining="random", dataset="toy", seed=3, plugins=[TOY], device="cpu"
    )
    assert np.array_equal(np.load(files[0]), matrix)
    with files[1].open(newline="") as text:
        assert [row["id"] for row in csv.DictReader(text)] == list(ids)


def test_of_a_task_it_writes_the_images_that_the_task_needs(command_line: CommandLine) -> None:
    done = command_line(*WORDS, "--task", "toy-colour", "--out", "out", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    file = Path("out") / "toy-colour-toy-patches-random.npy"
    assert done.stdout.split()[0] == str(file)
    _, matrix = artbench.features(
        backbone="toy-patches", pretraining="random", task="toy-colour", plugins=[TOY], device="cpu"
    )
    assert np.array_equal(np.load(file), matrix)


def test_files_that_were_there_are_replaced_and_named(command_line: CommandLine) -> None:
    words = (*WORDS, "--dataset", "toy", "--out", "out", "--device", "cpu", "--format", "parquet")
    assert "replaced" not in command_line(*words).stderr
    again = command_line(*words)
    file = Path("out") / "toy-toy-patches-random.parquet"
    assert again.stdout.split() == [str(file)]
    assert f"{file} was there before, and is replaced" in again.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--dataset", "tyo"), "no dataset is called 'tyo'. The nearest: toy"),
        (("--dataset", "toy", "--backbone", "toy-patchs"), "The nearest: toy-patches"),
    ],
)
def test_wrong_names_are_status_two_and_nothing_is_written(
    command_line: CommandLine, words: tuple[str, ...], said: str
) -> None:
    done = command_line(*WORDS, *words, "--out", "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert not Path("out").exists()
