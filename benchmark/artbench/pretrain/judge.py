"""Judging a training by kNN after every epoch, and which checkpoint was the best."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from artbench.pretrain.monitor import Watch
from artbench.pretrain.online_knn import OnlineTask
from artbench.pretrain.setup import Assembly
from artbench.pretrain.stopping import Stopped, StopRequest
from artbench.runtime.distributed import Group
from artbench.runtime.precision import choose_dtype


class Judge:
    """Judges epochs, and remembers the best.

    Args:
        online: The task; None: nobody judges.
        assembly: Of the training.
        device: To compute on.
        group: The processes; the first one judges.
    """

    def __init__(self, online: OnlineTask | None, assembly: Assembly, *, device: str, group: Group) -> None:
        self._online = online
        self._assembly = assembly
        self._device = device
        self._group = group
        self._best: tuple[float, int] | None = None
        self._last = 0

    @property
    def best(self) -> int | None:
        """The step of the best checkpoint; None where nobody has judged."""
        return None if self._best is None else self._best[1]

    def due(self, done: int) -> bool:
        """Whether an epoch ends with a step, and is not judged yet."""
        return self._online is not None and self._last != done and self._assembly.plan.ends_epoch(done)

    def judge(self, done: int, *, stop: StopRequest, watch: Watch) -> bool:
        """Judge the features as they are after a step; a signal puts it off.

        Returns:
            Whether they are the best so far.
        """
        online, assembly = self._online, self._assembly
        if online is None:
            return False

        def accuracy() -> float | None:
            with suppress(Stopped):
                return online.accuracy(
                    assembly.backbone,
                    assembly.backbone_module,
                    side=assembly.crop_size,
                    device=self._device,
                    dtype=choose_dtype(self._device),
                    stop=stop,
                )
            return None

        with watch.aside(f"kNN, {online.name}"):
            value = self._group.from_first(accuracy)
        if value is None:
            return False
        self._last = done
        watch.judged(done, online.name, value)
        if self._best is not None and value <= self._best[0]:
            return False
        self._best = (value, done)
        return True

    def facts(self) -> dict[str, Any]:
        """What a resumed run needs to know."""
        return {"best": self._best, "judged": self._last}

    def restore(self, facts: Mapping[str, Any], *, step: int) -> None:
        """Set all of `facts` from the checkpoint of a step."""
        best = facts.get("best")
        self._best = None if best is None else (float(best[0]), int(best[1]))
        # Those of before this was noted were judged.
        self._last = int(facts.get("judged", step))
