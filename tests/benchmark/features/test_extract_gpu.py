"""The script that measures extraction on a GPU works, seen at a tiny size on the CPU."""

import pytest
import torch

from artbench.features import pipeline
from tests.performance import extract_gpu


def test_it_measures_every_part(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(pipeline, "streamed", lambda device: True)
    cases = [
        extract_gpu.Case(network="resnet18", side=244, jpeg=(64, 48)),
        extract_gpu.Case(network="vit_tiny_patch16_224", side=224, jpeg=(64, 48)),
    ]
    extract_gpu.main(5, 1, device="cpu", batch=2, cases=cases)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0].rpartition(",")[0] for line in lines if "whole" in line] == [
        "resnet18 at 244 px from 64 px",
        "vit_tiny_patch16_224 at 224 px from 64 px",
    ]
    assert sum("of the smaller" in line for line in lines) == sum("the aim is 90%" in line for line in lines) == 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="would measure")
def test_it_says_why_it_measures_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    extract_gpu.main()
    assert capsys.readouterr().out == "skipped: there is no CUDA device here\n"
