"""The plugins that docs/plugins.md shows are run as they stand there."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artbench.plugins import Registry, load_plugins
from artbench.reporting import Silent
from artbench.run import Request, Result, run

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    blocks = re.findall(r"```python\n(# (\w+\.py)\n.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    files = [tmp_path / name for _, name in blocks]
    for file, (text, _) in zip(files, blocks, strict=True):
        file.write_text(text, encoding="utf-8")
    loaded = load_plugins(files, only="")
    assert list(loaded.problems) == []
    return loaded


@pytest.fixture
def museum(tmp_path: Path) -> Path:
    """Light oils and dark etchings."""
    folder, rng = tmp_path / "museum", np.random.default_rng(0)
    folder.mkdir()
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "technique", "split"])
        for number in range(40):
            technique, light = ("oil", 180) if number % 2 else ("etching", 60)
            pixels = rng.integers(light - 50, light + 50, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
            table.writerow([f"{number}.png", technique, "test" if number >= 30 else "train"])
    return folder


def results(registry: Registry, museum: Path, pretrainings: Sequence[str]) -> tuple[Result, ...]:
    request = Request(
        backbones=["mean-colour"],
        pretrainings=pretrainings,
        tasks=["my-museum-technique"],
        data={"my-museum": museum},
        results=museum.parent / "results",
        device="cpu",
    )
    return run(request, registry=registry, reporter=Silent()).results


def test_backbone_dataset_and_task_work_together(registry: Registry, museum: Path) -> None:
    (result,) = results(registry, museum, ["random"])
    assert (result.record.dataset.train, result.record.dataset.test) == (30, 10)
    assert result.record.primary.value == 1


def test_the_pretraining_gives_its_weights(registry: Registry, tmp_path: Path) -> None:
    import torch

    from artbench.encoders.backbone import Backbone
    from artbench.specs import load_factory

    spec = registry.pretrainings.get("halved")
    assert spec.weights is not None
    module = torch.nn.Linear(3, 2)
    backbone = Backbone(name="line", module=module, feature_dim=2, mean=(0, 0, 0), std=(1, 1, 1))
    weights = load_factory(spec.weights)(backbone)
    assert torch.equal(weights.state["weight"], module.weight / 2)
