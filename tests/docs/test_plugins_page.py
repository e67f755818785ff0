"""The plugins that the guides show are run as they stand there, and so are all tests that a page on plugins shows."""

import csv
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artbench.data.dataset import Dataset
from artbench.data.folders import DatasetPaths
from artbench.data.targets import Targets
from artbench.errors import ArtbenchError
from artbench.evaluation.request import RunRequest, RunResult
from artbench.evaluation.workflow import run
from artbench.plugins.catalogue import Catalogue, Entry
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.runtime.progress import Silent
from artbench.specs import load_factory
from tests.support.nested_pytest import PYTEST

pytestmark = pytest.mark.integration

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = sorted((DOCS / "plugins").glob("*.md"))


def shown() -> Iterator[tuple[str, str]]:
    """Name and text of every file that a guide, or the page on tests, shows."""
    for page in (*GUIDES, DOCS / "testing-plugins.md"):
        for text, name in re.findall(r"```python\n(# (\w+\.py)\n.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            yield name, text


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    files = []
    for name, text in shown():
        if not name.startswith("test_"):
            files.append(tmp_path / name)
            files[-1].write_text(text, encoding="utf-8")
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


def results(
    registry: Registry, museum: Path, pretrainings: Sequence[str], backbone: str = "mean-colour"
) -> tuple[RunResult, ...]:
    request = RunRequest(
        backbones=[backbone],
        pretrainings=pretrainings,
        tasks=["my-museum-technique"],
        paths=DatasetPaths(by_name={"my-museum": museum}),
        results=museum.parent / "results",
        device="cpu",
    )
    return run(request, registry=registry, reporter=Silent()).results


def test_a_metric_is_computed_beside_those_of_its_kind(registry: Registry, museum: Path) -> None:
    entry, task = registry.tasks.find("my-museum-technique")
    asking = Entry(replace(task, metrics=("kappa",)), entry.plugin, entry.distribution)
    (result,) = results(replace(registry, tasks=Catalogue("task", [asking])), museum, ["none"])
    assert result.record.metrics["kappa"].value == result.record.primary.value == 1


def test_a_kind_of_target_is_asked_of_images(registry: Registry, museum: Path) -> None:
    entry, task = registry.tasks.find("my-museum-technique")

    def state(dataset: Dataset) -> Targets:
        asked = load_factory(task.factory)(dataset)
        splits = asked.train, asked.test
        train, test = (replace(split, labels=4 * split.labels.astype(np.float64) + 1) for split in splits)
        return replace(asked, classes=(), train=train, test=test)

    spec = replace(task, target="state", primary_metric="state_error", factory=state)
    asking = Entry(spec, entry.plugin, entry.distribution)
    (result,) = results(replace(registry, tasks=Catalogue("task", [asking])), museum, ["none"])
    assert (result.record.protocol, result.record.primary.unit) == ("ridge-v2", "steps")
    assert result.record.primary.value < 1
    assert [guess.name for guess in result.record.references] == ["median state"]
    tenfold = replace(spec, factory=lambda dataset: tenfold_of(state(dataset)))
    with pytest.raises(ArtbenchError, match=r"a state in train is not from 1 to 5\. Leave such works out"):
        results(replace(registry, tasks=Catalogue("task", [replace(asking, item=tenfold)])), museum, ["none"])


def tenfold_of(asked: Targets) -> Targets:
    return replace(asked, train=replace(asked.train, labels=10 * asked.train.labels.astype(np.float64)))


def test_backbone_dataset_and_task_work_together(registry: Registry, museum: Path) -> None:
    (result,) = results(registry, museum, ["none"])
    assert (result.record.dataset.train, result.record.dataset.test) == (30, 10)
    assert result.record.primary.value == 1


def test_the_backbone_with_variants_offers_them(registry: Registry, museum: Path) -> None:
    found = [result.record for result in results(registry, museum, ["random"], "tokens@layer=1..2,width=32,size=32")]
    assert [record.backbone for record in found] == ["tokens@size=32,width=32", "tokens@layer=2,size=32,width=32"]
    assert [(r.encoder.feature_dim, r.encoder.input_size, r.encoder.pooling) for r in found] == [(32, 32, "avg")] * 2


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


def test_there_is_a_guide_for_each_kind_and_each_shows_a_plugin_with_its_test() -> None:
    assert [guide.stem for guide in GUIDES] == [
        "backbone",
        "dataset",
        "metric",
        "pretraining",
        "protocol",
        "target",
        "task",
    ]
    for guide in GUIDES:
        names = re.findall(r"```python\n# (\w+\.py)\n", guide.read_text(encoding="utf-8"))
        assert {name.startswith("test_") for name in names} == {True, False}


def test_the_tests_that_the_pages_show_pass_with_the_fixtures_of_the_installed_kit(tmp_path: Path) -> None:
    files = list(shown())
    assert len({name for name, _ in files}) == len(files)
    for name, text in files:
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", *PYTEST, "-c", os.devnull, "--rootdir", "."]
    environment = {**os.environ, "ARTBENCH_CACHE": str(tmp_path / "cache"), "ARTBENCH_PLUGINS": ""}
    done = subprocess.run([*command, "."], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stdout
    # Eleven of the guides, four of the page on tests.
    assert "15 passed" in done.stdout
