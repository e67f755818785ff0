"""The script that measures pretraining on a GPU works, seen at a tiny size on the CPU."""

import pytest
import torch

from tests.performance.pretrain_throughput import Job

pytest.importorskip("lightly", reason="lightly is not installed")
from tests.performance import pretrain_gpu


@pytest.fixture(autouse=True)
def _cache_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    # The script sets the variable, which is to be as before afterwards.
    monkeypatch.setenv("ARTBENCH_CACHE", "")


def test_it_measures_all_that_it_compares(capsys: pytest.CaptureFixture[str]) -> None:
    job = Job(backbone="resnet10t", batch=4, queue=8, workers=1)
    pretrain_gpu.measure(job, count=8, side=80, steps=1, rounds=1)
    said = capsys.readouterr().out
    assert [name for name in ("(a)", "(b)", "(c)") if name not in said] == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="would measure")
def test_it_says_why_it_measures_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    pretrain_gpu.main()
    assert capsys.readouterr().out == "skipped: there is no CUDA device\n"
