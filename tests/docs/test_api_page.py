"""What docs/api.md shows is run as it stands there, on a `sample` of fewer images."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

import artbench

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("little_sample")
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
    assert Path("moco/encoder.safetensors").is_file()
    assert (len(names["ids"]), names["matrix"].shape) == (24, (24, 512))
    assert (names["features"].shape, names["labels"].shape) == ((16, 512), (16,))


def test_the_page_names_what_there_is() -> None:
    for name in re.findall(r"`artbench\.(\w+)", PAGE):
        assert name in artbench.__all__
