"""What the examples of the documentation are run on."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artbench_sample.paint import COLUMNS


@pytest.fixture
def little_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `sample` of 24 images, an empty cache, and an empty working directory."""
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ARTBENCH_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    folder, rng = tmp_path / "data" / "sample", np.random.default_rng(0)
    folder.mkdir(parents=True)
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, restval="0")
        table.writeheader()
        for number in range(24):
            style, light = (("bright", 180), ("dark", 60))[number % 2]
            pixels = rng.integers(light - 40, light + 40, (64, 64, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
            split = "test" if number >= 16 else "train"
            table.writerow({"id": str(number), "file": f"{number}.png", "style": style, "split": split})
