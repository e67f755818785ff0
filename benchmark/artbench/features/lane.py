"""How pixels get to a device and features back, while the device computes."""

from collections.abc import Callable
from time import perf_counter
from typing import Protocol

import torch


class Result(Protocol):
    """Features on their way back from a device."""

    def __call__(self) -> tuple[torch.Tensor, float]:
        """Wait for them, and return them, float32 on the CPU, with the seconds that the device computed."""


class Lane:
    """The way to a device whose calls return when the work is done, such as the CPU."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def staging(self, *shape: int) -> torch.Tensor:
        """Memory for decoded pixels, uint8, from which a device copies."""
        return torch.empty(shape, dtype=torch.uint8)

    def target(self, *shape: int) -> torch.Tensor:
        """Memory for pixels on the device, uint8."""
        return torch.empty(shape, dtype=torch.uint8, device=self.device)

    def upload(self, target: torch.Tensor, staging: torch.Tensor) -> None:
        """Copy pixels to the device. Neither tensor may be used otherwise before the result of its batch is there."""
        target.copy_(staging)

    def compute(self, work: Callable[[], torch.Tensor]) -> Result:
        """Compute features on the device, after all uploads so far."""
        begun = perf_counter()
        features = work().cpu()
        seconds = perf_counter() - begun
        return lambda: (features, seconds)


class CudaLane(Lane):
    """The way to a CUDA device: copies run on streams of their own, and nothing waits but for results.

    Pixels are copied from pinned memory while the forward pass of the batch before computes, and features to pinned
    memory while the next one does. The host waits for the event after a batch's features, and for nothing else.
    """

    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self._up: torch.cuda.Stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._down: torch.cuda.Stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def staging(self, *shape: int) -> torch.Tensor:
        """Pinned memory."""
        return torch.empty(shape, dtype=torch.uint8, pin_memory=True)

    def target(self, *shape: int) -> torch.Tensor:
        """Memory that no earlier work on the device still uses."""
        found = super().target(*shape)
        torch.cuda.current_stream(self.device).synchronize()
        return found

    def upload(self, target: torch.Tensor, staging: torch.Tensor) -> None:
        """Start the copy; `compute` waits for it on the device."""
        with torch.cuda.stream(self._up):
            target.copy_(staging, non_blocking=True)
        torch.cuda.current_stream(self.device).wait_stream(self._up)

    def compute(self, work: Callable[[], torch.Tensor]) -> Result:
        """Start the forward pass and the copy of its features."""
        begun, ended, copied = (_event() for _ in range(3))
        begun.record()
        features = work()
        ended.record()
        self._down.wait_event(ended)
        with torch.cuda.stream(self._down):
            found = torch.empty(features.shape, dtype=features.dtype, pin_memory=True)
            found.copy_(features, non_blocking=True)
            copied.record()

        def result(kept: torch.Tensor = features) -> tuple[torch.Tensor, float]:
            # The device's memory of the features must not be used again before they are copied.
            copied.synchronize()
            del kept
            return found, begun.elapsed_time(ended) / 1e3

        return result


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


def lane_to(device: torch.device) -> Lane:
    """The fastest way to a device."""
    return CudaLane(device) if device.type == "cuda" else Lane(device)


def streamed(device: str) -> bool:
    """Whether a device computes beside the threads that decode; on the CPU each thread does both."""
    return device != "cpu"
