"""Checkpoints of a training: all that a resumed run needs, in one safetensors file, written whole or not at all."""

import json
import re
import shutil
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from artbench.errors import ArtbenchError
from artbench.pretrain.method import Objective
from artbench.pretrain.optimizers import coming_bytes
from artbench.runtime.files import atomic_write
from artbench.runtime.text import size

_NAME = re.compile(r"step-(\d{9})\.safetensors")
_KEY, _CHECKSUM = "artbench.training", "artbench.crc32"


class Checkpoints:
    """The checkpoints in a folder; `keep` of the latest are kept, besides the best."""

    def __init__(self, folder: Path, *, keep: int = 2) -> None:
        self._folder = folder
        self._keep = keep

    def steps(self) -> list[int]:
        """The steps that have a checkpoint, ascending."""
        if not self._folder.is_dir():
            return []
        return sorted(int(match[1]) for file in self._folder.iterdir() if (match := _NAME.fullmatch(file.name)))

    def reserve(self, objective: Objective, optimizer: torch.optim.Optimizer) -> None:
        """Raise `ArtbenchError` unless the disk has room for all checkpoints that will be there at once."""
        tensors = training_tensors(objective, optimizer).values()
        each = sum(tensor.nbytes for tensor in tensors) + coming_bytes(optimizer)
        # While one is written, the one that it replaces is still there.
        needed = max(1, self._keep + 1 - len(self.steps())) * each
        with suppress(OSError):
            free = shutil.disk_usage(self._folder).free
            if free < needed:
                raise ArtbenchError(
                    f"the checkpoints need {size(needed)} in {self._folder}, where {size(free)} are free",
                    mend="Make room, give another folder with --out, or keep fewer with --keep",
                )

    def save(
        self, step: int, tensors: Mapping[str, torch.Tensor], facts: Mapping[str, Any], *, best: int | None
    ) -> None:
        """Write the checkpoint of a step, then remove those that are neither among the latest nor the best.

        Args:
            step: Number of steps done.
            tensors: Tensors on any device.
            facts: Further values that JSON can represent.
            best: Step of the best checkpoint so far; None if none was measured.

        Raises:
            ArtbenchError: The checkpoint can't be written; the earlier ones are unchanged.
        """
        flat = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
        try:
            with atomic_write(self._path(step)) as temporary:
                save_file(flat, temporary, {_KEY: json.dumps(facts, sort_keys=True), _CHECKSUM: _checksum(flat)})
        except (OSError, SafetensorError) as error:
            steps = self.steps()
            last = f"The checkpoint of step {steps[-1]} is whole: make" if steps else "Make"
            raise ArtbenchError(
                f"the checkpoint of step {step} can't be written in {self._folder} ({error})",
                mend=f"{last} room, and continue with --resume",
            ) from error
        for old in self.steps()[: -self._keep]:
            if old != best:
                with suppress(OSError):
                    self._path(old).unlink()

    def load(self, step: int) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """Read the tensors and facts of a step.

        Raises:
            ArtbenchError: The checkpoint is damaged, or not one of a training.
        """
        with self._reading(step) as (file, facts):
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            # Checkpoints of earlier releases have none.
            if file.metadata().get(_CHECKSUM, found := _checksum(tensors)) != found:
                raise ValueError("its checksum is wrong")
            return tensors, facts

    def facts(self, step: int) -> dict[str, Any]:
        """Read the facts of a step; raise as `load` does."""
        with self._reading(step) as (_, facts):
            return facts

    @contextmanager
    def _reading(self, step: int) -> Iterator[tuple[Any, dict[str, Any]]]:
        path = self._path(step)
        try:
            with safe_open(path, "pt", device="cpu") as file:
                yield file, dict(json.loads((file.metadata() or {})[_KEY]))
        except FileNotFoundError as error:
            raise ArtbenchError(
                f"{path} is not there", mend="Every process reads it: --out must be a folder that all nodes share"
            ) from error
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ArtbenchError(
                f"{path} is damaged ({' '.join(str(error).split())[:160]})",
                mend="Remove it: --resume then continues from the one before",
            ) from error

    def _path(self, step: int) -> Path:
        return self._folder / f"step-{step:09}.safetensors"


def _checksum(tensors: Mapping[str, torch.Tensor]) -> str:
    """CRC-32 of the bytes of tensors on the CPU, in the order of their names."""
    value = 0
    for _, tensor in sorted(tensors.items()):
        value = zlib.crc32(tensor.reshape(-1).view(torch.uint8).numpy().data, value)
    return f"{value:08x}"


def training_tensors(objective: Objective, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """The tensors of networks, memory and optimiser, by name; `resume.restore` sets them again."""
    tensors = {f"memory.{name}": tensor for name, tensor in objective.memory.items()}
    for part, network in zip(objective.networks._fields, objective.networks, strict=True):
        tensors |= {f"{part}.{name}": tensor for name, tensor in network.state_dict().items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {
            f"optimizer.{number}.{name}": torch.as_tensor(value) for name, value in state.items() if value is not None
        }
    return tensors


def check_finite(tensors: Mapping[str, torch.Tensor], step: int) -> None:
    """Raise `ArtbenchError` unless networks and optimiser are finite: a finite loss can have gradients that are not."""
    for name, tensor in tensors.items():
        if not name.startswith("memory.") and tensor.is_floating_point() and not tensor.isfinite().all():
            raise ArtbenchError(
                f"the weights after step {step} are not finite ({name}): the training has diverged",
                mend="The last checkpoint is from before. Begin anew with a lower lr or a longer warm-up",
            )
