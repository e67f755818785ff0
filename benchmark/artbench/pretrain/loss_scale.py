"""The scale of the loss in float16, whose small gradients would be 0 without one."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from artbench.errors import ArtbenchError

# A scale that only gradients without end come down to, from 65,536.
_LEAST = 1 / 1024


class LossScale:
    """Scales the loss, and leaves out the steps whose gradients overflow; each halves the scale.

    In other number types than float16 it does nothing. In float16 the host waits for the gradients of each step.

    Args:
        device: Device of the networks.
        dtype: Number type of their computation.

    Attributes:
        skipped: Number of steps that were left out, since the training began; None in other number types.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self._scaler = torch.amp.GradScaler(device.type, enabled=dtype == torch.float16)
        self.skipped: int | None = 0 if self._scaler.is_enabled() else None

    def backward(self, loss: torch.Tensor) -> None:
        """Add the gradients of a loss, as scaled, to those of the parameters."""
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]

    def step(self, optimizer: torch.optim.Optimizer, prepare: Callable[[], None]) -> bool:
        """Make the optimiser's step, after `prepare`, with the gradients as they are; return whether it was made.

        Raises:
            ArtbenchError: Gradients overflow whatever the scale.
        """
        if self.skipped is None:
            prepare()
            optimizer.step()
            return True
        self._scaler.unscale_(optimizer)
        prepare()
        before = self._scaler.get_scale()
        self._scaler.step(optimizer)
        self._scaler.update()
        after = self._scaler.get_scale()
        if after >= before:
            return True
        self.skipped += 1
        if after < _LEAST:
            raise ArtbenchError(
                "gradients are not finite in float16, whatever the loss is scaled by: the training has diverged",
                mend="Begin anew with a lower lr, a longer warm-up or dtype=float32",
            )
        return False

    def facts(self) -> Mapping[str, Any]:
        """What a resumed run needs, for a checkpoint; empty in other number types."""
        return {} if self.skipped is None else {**self._scaler.state_dict(), "skipped": self.skipped}

    def restore(self, facts: Mapping[str, Any]) -> None:
        """Go on from the facts of a checkpoint; those without a scale, of another number type, change nothing."""
        if self.skipped is not None and facts:
            self.skipped = int(facts["skipped"])
            self._scaler.load_state_dict({key: value for key, value in facts.items() if key != "skipped"})
