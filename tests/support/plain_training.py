"""What the plain reference implementations of methods share: schedules, LARS, moving averages, and the comparison."""

import copy
import math
from collections.abc import Iterable

import pytest
import torch

from artbench.pretrain.step import StepResult
from tests.support.method_bench import Bench


def half_cosine(start: float, end: float, share: float) -> float:
    """From `start` at a share of 0 to `end` at 1."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def warmed_cosine(peak: float, step: int, *, warmup: int, steps: int, end: float = 0) -> float:
    """The learning rate of a step: a straight rise, whose last step has the peak, then half a cosine to the end."""
    return peak * (step + 1) / warmup if step < warmup else half_cosine(peak, end, (step - warmup) / (steps - warmup))


class PlainLars:
    """LARS as the code of MoCo v3 and BYOL has it: biases and norms neither decay nor are scaled; momentum 0.9."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], *, decay: float) -> None:
        self.parameters = list(parameters)
        self.velocity = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.decay = decay

    @torch.no_grad()
    def step(self, lr: float) -> None:
        for parameter, velocity in zip(self.parameters, self.velocity, strict=True):
            assert parameter.grad is not None
            update = parameter.grad.clone()
            if parameter.ndim > 1:
                update += self.decay * parameter
                update *= 0.001 * math.sqrt(float((parameter**2).sum())) / math.sqrt(float((update**2).sum()))
            velocity.copy_(0.9 * velocity + update)
            parameter.sub_(lr * velocity)


def torch_step(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """A step of one of torch's own optimisers, which the original uses as well."""
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.step()


@torch.no_grad()
def average(teacher: torch.nn.Module, student: torch.nn.Module, momentum: float) -> None:
    """Move each parameter of the teacher towards that of the same name."""
    of = dict(student.named_parameters())
    for name, parameter in teacher.named_parameters():
        parameter.copy_(momentum * parameter + (1 - momentum) * of[name])


def gradients(network: torch.nn.Module, loss: torch.Tensor) -> float:
    """Set the gradients of a network anew, and return the loss."""
    network.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    return float(loss.detach())


def embedder_like(network: torch.nn.Module, **heads: torch.nn.Module) -> torch.nn.Module:
    """A copy of the network's backbone with heads of one's own, which get its weights: all of them, and no others."""
    made = torch.nn.Sequential()
    made.add_module("backbone", copy.deepcopy(network.get_submodule("backbone")))
    for name, head in heads.items():
        made.add_module(name, head)
    made.to(torch.float64).load_state_dict(network.state_dict(), strict=True)
    return made


def assert_same(
    bench: Bench, result: StepResult, *, loss: float, student: torch.nn.Module, teacher: torch.nn.Module
) -> None:
    """Loss, gradients and all weights and statistics are those of the reference, in float64."""
    assert result.loss == pytest.approx(loss, rel=1e-10)
    own = bench.objective.networks
    expected = {name: parameter.grad for name, parameter in student.named_parameters() if parameter.requires_grad}
    for name, parameter in own.student.named_parameters():
        assert (parameter.grad is None) == (expected.get(name) is None), name
        if parameter.grad is not None:
            torch.testing.assert_close(parameter.grad, expected[name], rtol=1e-8, atol=1e-12, msg=f"gradient of {name}")
    for network, plain in ((own.student, student), (own.teacher, teacher)):
        state = network.state_dict()
        assert state.keys() == plain.state_dict().keys()
        for name, tensor in plain.state_dict().items():
            torch.testing.assert_close(state[name], tensor, rtol=1e-9, atol=1e-12, msg=f"{name} is another")
