"""A step on a CUDA device that need not be there: the host waits for nothing, whatever the method."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from artbench.pretrain.draws import draw
from artbench.pretrain.loss_scale import LossScale
from artbench.pretrain.monitor import Monitor
from artbench.pretrain.schedule import Plan
from artbench.pretrain.step import StepResult
from artbench.runtime.progress import Silent
from tests.plugins.test_whole_passes import BATCH, METHODS
from tests.support.method_bench import Bench, bench
from tests.support.waiting import waiting

pytestmark = pytest.mark.integration

DRAWN: dict[str, Any] = {"seed": 1, "epoch": 0}


@pytest.fixture
def on_cuda(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Bench, FakeTensorMode]]:
    """Makes a bench of tensors without content, whose gradients are there without a backward pass.

    torch's engine wants a real device for that; it is the library's own and copies nothing to a device.
    """

    def make(name: str, *pairs: str) -> tuple[Bench, FakeTensorMode]:
        method, own = METHODS[name]
        fake = FakeTensorMode(allow_non_fake_inputs=True)
        made = bench(method(), *BATCH, *own, *pairs, dtype=torch.float32, threads=0, fake=fake)

        def backward(_: LossScale, __: torch.Tensor) -> None:
            for parameter in made.objective.networks.student.parameters():
                parameter.grad = torch.zeros_like(parameter) if parameter.requires_grad else None

        def grad(_: torch.Tensor, of: torch.Tensor) -> tuple[torch.Tensor]:
            return (torch.zeros_like(of),)

        monkeypatch.setattr(LossScale, "backward", backward)
        monkeypatch.setattr(torch.autograd, "grad", grad)
        return made, fake

    return make


def step(made: Bench, number: int) -> StepResult:
    """A step from crops on the CPU, with all that augmentation does."""
    crops = [
        replace(part, draws=draw([replace(view, jitter_p=1, blur_p=1) for view in made.asked], np.arange(6), **DRAWN))
        for part in made.crops(number)
    ]
    return made.stepper.step(number, crops, lr=0.1, progress=0.0)


@pytest.mark.filterwarnings("ignore:.*CUDA is not available")
@pytest.mark.parametrize(
    ("name", "optimizer"), [*((name, "sgd") for name in METHODS), ("moco-v3", "lars"), ("dino", "adamw")]
)
def test_a_step_waits_for_nothing(
    on_cuda: Callable[..., tuple[Bench, FakeTensorMode]], name: str, optimizer: str
) -> None:
    made, fake = on_cuda(name, f"optimizer={optimizer}")
    with fake, waiting() as found:
        results = [step(made, number) for number in range(2)]
    assert found == []
    assert {result.loss.device.type for result in results} == {"cuda"}


@pytest.mark.filterwarnings("ignore:.*CUDA is not available")
def test_what_waits_is_seen(on_cuda: Callable[..., tuple[Bench, FakeTensorMode]]) -> None:
    made, fake = on_cuda("moco-v2")
    with fake, waiting() as found:
        queue = made.objective.memory["queue"]
        queue.new_tensor([1.0, 2.0])
        queue[torch.zeros(1, dtype=torch.int64, device="cuda")] = 3
        torch.zeros(2).to("cuda", non_blocking=True)
    assert [name.partition(".default")[0] for name in found] == ["aten._to_copy", "aten.index_put_"]


def test_a_step_that_is_not_reported_is_not_read() -> None:
    class Distant(StepResult):
        waits = True

    asked: list[int] = []

    def notes() -> dict[str, float]:
        asked.append(1)
        return {"queue": 0.5}

    result = Distant(loss=torch.tensor(1.0), spread=torch.tensor(1.0))
    with Silent().counting("steps", total=9, unit="steps") as counter:
        monitor = Monitor(
            Plan(epoch_steps=9, steps=9, warmup=0), batch=4, begin=0, logs=[], counter=counter, reporter=Silent()
        )
        for done in (1, 2, 3):
            monitor.step(done, result, lr=0.1, notes=notes, last=False)
        assert len(asked) == 1
        monitor.step(4, result, lr=0.1, notes=notes, last=True)
    assert len(asked) == 2
