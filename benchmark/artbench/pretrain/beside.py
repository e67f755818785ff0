"""What a CUDA device does beside the step that it computes."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch


class Beside:
    """What a CUDA device does beside the step that it computes: it makes the views of the next one.

    The host goes ahead of the device, by two steps at most. On other devices all is done in its turn.
    """

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == "cuda" and torch.cuda.is_available()
        self._stream: Any = torch.cuda.Stream(device) if self._cuda else None  # type: ignore[no-untyped-call]
        self._ends: deque[Any] = deque()

    @contextmanager
    def making(self) -> Iterator[None]:
        """Make views, on a stream of their own."""
        with torch.cuda.stream(self._stream):
            yield

    @contextmanager
    def using(self, views: Sequence[tuple[torch.Tensor, ...]]) -> Iterator[None]:
        """Make a step with views, once they are there."""
        if not self._cuda:
            yield
            return
        current = torch.cuda.current_stream()
        current.wait_stream(self._stream)
        for view in (view for part in views for view in part):
            view.record_stream(current)
        yield
        end: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
        end.record(current)
        self._ends.append(end)
        if len(self._ends) > 2:
            self._ends.popleft().synchronize()
