"""Random numbers in a step: what layers draw, and the generator of a loss, as functions of seed, step and sub-batch."""

import inspect
import random
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
import torch

ResultT = TypeVar("ResultT")
FoldedT = TypeVar("FoldedT")


class StepRandomness:
    """Finds out whether layers draw random numbers (dropout, stochastic depth), and seeds what they draw.

    Layers draw from the global generators of torch, NumPy or Python, which all threads share. So sub-batches are
    computed at once as long as none draws; once one has, they are computed one at a time, each after seeding. Whether
    one has drawn is told by the states of the generators, whatever the layer is. Generators of a layer's own are not
    seen.

    Args:
        seed: Seed of the run.
        device: Device of the networks.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self._seed = seed
        self._device = device
        self._drawing = False

    def each(
        self,
        work: Callable[[int], ResultT],
        places: range,
        *,
        step: int,
        phase: int,
        at_once: Callable[[Callable[[int], ResultT], range], Iterable[ResultT]],
        fold: Callable[[Iterable[ResultT]], FoldedT],
    ) -> FoldedT:
        """Compute sub-batches, and what is made of them in their order.

        Args:
            work: Computes a sub-batch and changes nothing: it may be called twice.
            places: Numbers of the sub-batches in the batch.
            step: Number of the step.
            phase: 0 for targets, 1 for losses; layers draw the same numbers in the same phase.
            at_once: Computes all of them, in several threads.
            fold: Makes one thing of the results, so that they need not be kept; it may be called twice.
        """
        if not self._drawing:
            before = self._states()
            made = fold(at_once(work, places))
            if before == self._states():
                return made
            self._drawing = True

        def after_seeding(place: int) -> ResultT:
            self.seed(step, place, phase=phase)
            return work(place)

        return fold(map(after_seeding, places))

    def seed(self, step: int, place: int, *, phase: int) -> None:
        """Seed what layers draw in a part of the batch."""
        number = self._number(step, place, phase)
        torch.manual_seed(number)
        np.random.seed(number % 2**32)
        random.seed(number)

    def generator(self, step: int, place: int) -> torch.Generator:
        """The generator of a sub-batch's loss, on the device."""
        return torch.Generator(self._device).manual_seed(self._number(step, place, 2))

    def _number(self, *numbers: int) -> int:
        return int(np.random.SeedSequence([self._seed, *numbers]).generate_state(1, np.uint64)[0])

    def _states(self) -> list[object]:
        states = [torch.get_rng_state()]
        if self._device.type != "cpu":
            module: Any = torch.get_device_module(self._device)
            states.append(module.get_rng_state())
        _, words, *place = np.random.get_state()
        return [*(state.numpy().tobytes() for state in states), np.asarray(words).tobytes(), place, random.getstate()]


def takes_generator(loss: Callable[..., torch.Tensor]) -> bool:
    """Whether a method's loss takes `generator`; those that draw nothing need not."""
    parameters = inspect.signature(loss).parameters
    return "generator" in parameters or any(one.kind is one.VAR_KEYWORD for one in parameters.values())
