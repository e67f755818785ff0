"""Running tasks on a miniature dataset, through the command that people use."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from artbench.cli.main import artbench
from artbench.plugins.loading import load_plugins
from artbench.testing.dataset import tasks_on
from tests.support.plugins import SMALL


def paint(file: Path, number: int, *, size: int = 24) -> None:
    """A small noisy image, in one of three colours by its number."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels(number, size=size)).save(file)


def pixels(number: int, *, size: int = 24) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    random = np.random.default_rng(number)
    noise = random.integers(0, 120, (size, size, 3))
    noise[..., number % 3] += 100
    return noise.astype(np.uint8)


def tasks_of(dataset: str) -> list[str]:
    """All tasks that built-in plugins register on a dataset, so that a test can leave none out."""
    registry = load_plugins(only="")
    return [task.name for task in tasks_on(registry.datasets.get(dataset), registry)]


def run_tasks(*tasks: str, data: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The record of each task, by its name on record; each has a leaderboard.

    Args:
        tasks: Names as given to `--task`.
        data: As given to `--data`.
        folder: For cache and results.
        monkeypatch: To place the cache.
    """
    monkeypatch.setenv("ARTBENCH_CACHE", str(folder / "cache"))
    words = ["run", "--backbone", "small-colour", "--pretraining", "random", "--plugin", str(SMALL), "--json"]
    words += ["--results", str(folder / "results"), "--device", "cpu"]
    words += [word for task in tasks for word in ("--task", task)]
    words += [] if data is None else ["--data", data]
    done = CliRunner().invoke(artbench, words, catch_exceptions=False, standalone_mode=False)
    assert done.return_value == 0, done.stderr
    records = {record["task"]: record for record in json.loads(done.stdout)}
    boards = (folder / "results" / "leaderboards" / "README.md").read_text().count("\n| [")
    assert boards >= len(records)
    return records
