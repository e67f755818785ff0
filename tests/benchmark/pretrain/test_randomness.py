"""Layers that draw random numbers, found by what they do."""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from artbench.encoders.backbone import Backbone
from artbench.pretrain import setup
from artbench.pretrain.randomness import StepRandomness
from tests.support import training as toys


class Skipping(nn.Module):
    """Leaves out rows at random: no name and no attribute says so."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images * torch.bernoulli(torch.full((len(images), 1, 1, 1), 0.7)) if self.training else images


def skipping() -> Backbone:
    made = toys.backbone()
    return replace(made, module=nn.Sequential(Skipping(), made.module))


def at_once(work: Callable[[int], object], places: range) -> Iterable[object]:
    return map(work, places)


def test_a_layer_is_known_by_what_it_does(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(partial(torch.set_num_threads, torch.get_num_threads()))
    # As where a container may use one core of many; sums over two have other last bits.
    torch.set_num_threads(2)
    spec = replace(toys.training(images).backbone, factory=skipping)
    files: list[Path | None] = []
    for name, cores in (("one", 1), ("two", 2), ("stopped", 2)):
        monkeypatch.setattr(setup, "usable_cores", lambda cores=cores: cores)
        work = toys.training(images, backbone=spec)
        if name == "stopped":
            assert toys.train(work, tmp_path / name, listener=toys.Signalling("SIGTERM", at="moco-v2 of toy")) is None
        torch.manual_seed(len(files))
        files.append(toys.train(work, tmp_path / name, resume=True))
    states = [load_file(file) for file in files if file is not None]
    assert len(states) == 3
    for state in states[1:]:
        assert all(torch.equal(tensor, states[0][key]) for key, tensor in state.items())


@pytest.mark.parametrize(
    "number",
    [lambda: float(torch.rand(1)), lambda: np.random.rand(), random.random, lambda: random.gauss(0, 1)],
    ids=["torch", "numpy", "python", "python-gauss"],
)
def test_sub_batches_are_seeded_only_once_a_layer_draws(number: Callable[[], float]) -> None:
    randomness = StepRandomness(7, torch.device("cpu"))
    torch.manual_seed(0)
    before, outside = torch.get_rng_state(), random.getstate()
    assert randomness.each(lambda place: place, range(2, 4), step=0, phase=0, at_once=at_once, fold=list) == [2, 3]
    assert torch.equal(before, torch.get_rng_state())
    assert random.getstate() == outside

    def draw(place: int) -> float:
        return number()

    first, second = (
        randomness.each(draw, range(2), step=5, phase=phase, at_once=at_once, fold=list) for phase in (0, 1)
    )
    assert len({*first, *second}) == 4
    again = StepRandomness(7, torch.device("cpu"))
    assert again.each(draw, range(1, 2), step=5, phase=0, at_once=at_once, fold=list) == first[1:]
    assert again.each(draw, range(2), step=6, phase=0, at_once=at_once, fold=list) != first
