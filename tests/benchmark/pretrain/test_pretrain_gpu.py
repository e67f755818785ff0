"""The script that measures pretraining on a GPU works, seen at a tiny size on the CPU."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from artbench.data.dataset import Dataset
from artbench.data.pool import LabelledDataset, train_images
from artbench.pretrain.setup import set_up
from artbench.runtime.distributed import Group
from tests.performance.pretrain_throughput import Job, work

pytest.importorskip("lightly", reason="lightly is not installed")
from tests.performance import pretrain_gpu

NAMES = [f"{number}.jpg" for number in range(pretrain_gpu.COUNT)]


@pytest.fixture(autouse=True)
def _cache_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    # The script sets the variable, which is to be as before afterwards.
    monkeypatch.setenv("ARTBENCH_CACHE", "")


@pytest.mark.integration
def test_it_measures_all_that_it_compares(capsys: pytest.CaptureFixture[str]) -> None:
    job = Job(backbone="resnet10t", batch=4, queue=8, workers=1)
    pretrain_gpu.measure(job, count=8, side=80, steps=1, rounds=1)
    said = capsys.readouterr().out
    assert [name for name in ("(a)", "(b)", "(c)") if name not in said] == []


def test_what_it_trains_on_a_gpu_fits_its_pool(tmp_path: Path) -> None:
    # Whether settings and pool fit together is checked before a device is asked for.
    job = replace(pretrain_gpu.RESNET50, device="cpu", backbone="resnet10t")
    (tmp_path / "any.jpg").touch()
    images = Dataset(name="empty", root=tmp_path, ids=NAMES, files=["any.jpg"] * len(NAMES))
    rows = np.arange(pretrain_gpu.COUNT)
    pool = train_images([LabelledDataset(dataset=images, targets={}, training=rows)])
    assert set_up(work(pool, 60, job), device="cpu", group=Group()).plan.steps == 61


@pytest.mark.skipif(torch.cuda.is_available(), reason="would measure")
def test_it_says_why_it_measures_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    pretrain_gpu.main()
    assert capsys.readouterr().out == "skipped: there is no CUDA device\n"
