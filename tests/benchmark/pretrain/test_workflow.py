"""A method as a pretraining of a run: trained first, kept in the cache, not trained again."""

from pathlib import Path

import numpy as np
import pytest

from artbench.data.folders import DatasetPaths
from artbench.data.opening import open_tasks
from artbench.errors import ArtbenchError, UsageError
from artbench.evaluation.request import RunRequest
from artbench.evaluation.workflow import run
from artbench.plugins.loading import load_plugins
from artbench.pretrain.cached_training import trainings_for
from artbench.pretrain.opening import open_pool
from artbench.runtime.progress import Silent
from artbench.specs import PretrainingSpec
from tests.support import training as toys
from tests.support.plugins import TOY
from tests.support.reporters import RecordingReporter

PLUGIN = """
from artbench import hookimpl
from artbench.specs import PretrainingSpec

@hookimpl
def register_pretrainings(register):
    register(PretrainingSpec(name="quick", description="MoCo in a moment.", method=method, seeded=True))

def method():
    from typing import Literal
    from artbench.pretrain.method import Method
    from artbench_moco.queued import QueuedContrast
    from artbench_moco.settings import QueueSettings

    class Quick(QueueSettings):
        steps: int | None = {steps}
        batch_size: int = 16
        sub_batch: int = 8
        crop_size: int | None = 16

    return Method(settings=Quick, build=QueuedContrast)
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.integration
def test_a_method_is_trained_once_and_kept_under_a_key_of_all_that_went_into_it(tmp_path: Path, cache: Path) -> None:
    def ran(steps: int, seed: int = 0) -> tuple[str, bool, list[str]]:
        (tmp_path / "quick.py").write_text(PLUGIN.replace("{steps}", str(steps)))
        registry = load_plugins([TOY, tmp_path / "quick.py"])
        listener = RecordingReporter()
        request = RunRequest(
            backbones=["toy-patches"],
            pretrainings=["quick"],
            tasks=["toy-colour"],
            results=tmp_path / "results",
            device="cpu",
            seed=seed,
        )
        paths = DatasetPaths()
        trainings = trainings_for(request.tasks, registry=registry, paths=paths, seed=seed, reporter=listener)
        (result,) = run(request, registry=registry, reporter=listener, trainings=trainings).results
        history = result.record.encoder.training
        assert history is not None
        assert (result.record.pretraining, history.method, history.steps) == ("quick", "quick", steps)
        return result.record.encoder.weights_sha256, result.new, listener.notices

    def kept() -> int:
        return len(list((cache / "pretrainings").iterdir()))

    first, new, notices = ran(2)
    assert new
    assert any("pretrained first" in text for text in notices)
    again, new, _ = ran(2)
    assert (again, new, kept()) == (first, False, 1)
    # The record is gone, the checkpoint is not.
    for file in (tmp_path / "results" / "records").rglob("*.json"):
        file.unlink()
    again, new, notices = ran(2)
    assert (again, new) == (first, True)
    assert not any("pretrained first" in text for text in notices)
    other, new, _ = ran(3)
    assert (new, kept()) == (True, 2)
    assert other != first
    other, new, _ = ran(2, seed=1)
    assert (new, kept()) == (True, 3)
    assert other != first


def test_a_spec_has_weights_or_a_method() -> None:
    with pytest.raises(ValueError, match="either weights or a method"):
        PretrainingSpec(name="none", description="x")
    with pytest.raises(ValueError, match="either weights or a method"):
        PretrainingSpec(name="both", description="x", weights="a:b", method="a:b")


def test_a_collection_is_pooled_without_its_test_images(tmp_path: Path) -> None:
    painted = toys.paint(tmp_path / "painted")
    for number, file in enumerate(sorted(painted.iterdir())):
        folder = tmp_path / "mine" / f"class-{number % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        file.rename(folder / file.name)
    name = f"collection:{tmp_path / 'mine'}"
    registry = load_plugins([])
    paths = DatasetPaths()
    ((task,),) = open_tasks([name], registry=registry, paths=DatasetPaths(), allow_partial=False, reporter=Silent())
    pool = open_pool([name], registry=registry, paths=paths, reporter=Silent()).pool
    (rows,) = pool.rows
    held_out = [split.rows for part, split in task.targets.splits if part != "train"]
    assert 0 < len(pool) < toys.COUNT
    assert not np.isin(rows, np.concatenate(held_out)).any()
    assert set(rows.tolist()) == set(task.targets.train.rows.tolist())


UNLABELLED = """
from artbench import hookimpl, specs
from artbench.data.dataset import Dataset

@hookimpl
def register_datasets(register):
    register(specs.DatasetSpec(name="scans", description="Without labels.", factory=read, source="me", layout="files",
                               training=lambda dataset: {rows}))

def read(root):
    files = sorted(file.name for file in root.iterdir())
    return Dataset(name="scans", root=root, ids=files, files=files)
"""


def test_a_dataset_without_labels_says_which_images_train(tmp_path: Path) -> None:
    paths = DatasetPaths(by_name={"scans": toys.paint(tmp_path / "painted")})

    def pooled(rows: str) -> list[int]:
        (tmp_path / "scans.py").write_text(UNLABELLED.replace("{rows}", rows))
        registry = load_plugins([tmp_path / "scans.py"])
        opened = open_pool(["scans"], registry=registry, paths=paths, reporter=Silent())
        assert opened.plugins == {"scans.py": ""}
        return [int(row) for row in opened.pool.rows[0]]

    assert pooled("[5, 3, 3]") == [3, 5]
    with pytest.raises(ArtbenchError, match=r"dataset scans failed .*it trains on rows from 5 to 60, and has 60"):
        pooled("range(5, 61)")


def test_an_unknown_dataset_is_refused() -> None:
    registry = load_plugins([])
    with pytest.raises(UsageError, match="no dataset is called 'toyz'"):
        open_pool(["toyz"], registry=registry, paths=DatasetPaths(), reporter=Silent())
