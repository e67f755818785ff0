"""What docs/api.md shows is run as it stands there, on a `sample` of fewer pictures."""

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import artbench
from artbench_sample.paint import COLUMNS

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def little_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert blocks
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    record: artbench.Record = names["record"]
    assert (record.task, record.dataset.train, record.dataset.test) == ("sample-style", 16, 8)
    assert str(record.primary.value) in capsys.readouterr().out
    assert isinstance(names["encoder"], artbench.LoadedEncoder)
    assert isinstance(names["encoder"].module, torch.nn.Module)
    assert (len(names["ids"]), names["matrix"].shape) == (24, (24, 512))


def test_the_page_names_what_there_is() -> None:
    for name in re.findall(r"`artbench\.(\w+)", PAGE):
        assert name in artbench.__all__
