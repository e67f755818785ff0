"""A pool, a backbone and a training that are quick; also run as a program, to be started by `torchrun`.

`python -m tests.support.training FOLDER OUT METHOD [KEY=VALUE]...` trains on the images of FOLDER, saving after every
step. With TOYS_KILLED_AFTER=N in the environment it continues only where torchrun starts it again, and the last process
of the first attempt is killed after N steps.
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

from artbench.data.dataset import Dataset
from artbench.data.pool import LabelledDataset, Pool, train_images
from artbench.data.targets import Split, Targets
from artbench.encoders.backbone import Backbone
from artbench.pretrain.method import Objective
from artbench.pretrain.settings import read_settings
from artbench.pretrain.trainer import pretrain
from artbench.pretrain.training import Conditions, Training
from artbench.runtime.distributed import process_group
from artbench.specs import BackboneSpec
from artbench_moco import methods
from tests.support.reporters import RecordingReporter

COUNT, TRAIN = 60, 50
SETTINGS = ("batch_size=16", "sub_batch=4", "crop_size=16", "steps=6")


def paint(folder: Path, *, broken: tuple[int, ...] = ()) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for number in range(COUNT):
        pixels = random.integers(0, 256, (30, 40, 3)).astype(np.uint8)
        pixels[..., number % 3] //= 3
        Image.fromarray(pixels).save(folder / f"{number:03}.png")
    for number in broken:
        (folder / f"{number:03}.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    return folder


def dataset(folder: Path) -> tuple[Dataset, Targets]:
    names = [f"{number:03}.png" for number in range(COUNT)]
    labels = np.arange(COUNT) % 3
    rows = np.arange(COUNT)
    targets = Targets(
        classes=("red", "green", "blue"),
        train=Split(rows=rows[:TRAIN], labels=labels[:TRAIN]),
        test=Split(rows=rows[TRAIN:], labels=labels[TRAIN:]),
    )
    return Dataset(name="toys", root=folder, ids=names, files=names), targets


def pool(folder: Path) -> Pool:
    of, targets = dataset(folder)
    return train_images([LabelledDataset(dataset=of, targets={"colour": targets})])


def backbone() -> Backbone:
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, stride=2),
        torch.nn.BatchNorm2d(8),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 12, 3, stride=2),
        torch.nn.BatchNorm2d(12),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
    )
    return Backbone(name="toy", module=module, feature_dim=12, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))


def dropping() -> Backbone:
    made = backbone()
    return replace(made, module=torch.nn.Sequential(made.module, torch.nn.Dropout(0.3)))


def training(folder: Path, *pairs: str, method: str = "moco-v2", **changes: Any) -> Training:
    """A training of a method of `artbench_moco`, with any of its fields changed."""
    loaded = getattr(methods, method.replace("-", "_"))()
    values: dict[str, Any] = {
        "name": method,
        "method": loaded,
        "settings": read_settings(loaded.settings, pairs=[*SETTINGS, *pairs]),
        "backbone": BackboneSpec(name="toy", description="small", factory=backbone),
        "pool": pool(folder),
    }
    return Training(**(values | changes))


def train(work: Training, out: Path, *, listener: RecordingReporter | None = None, **conditions: Any) -> Path | None:
    how: dict[str, Any] = {"device": "cpu", "save_minutes": 0} | conditions
    return pretrain(work, out, conditions=Conditions(**how), reporter=listener or RecordingReporter())


class Signalling(RecordingReporter):
    """Sends its process a signal when it is told of something for the first time."""

    def __init__(self, name: str, *, at: str) -> None:
        super().__init__()
        self._name: str | None = name
        self._at = at

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        super().advance(steps, note=note)
        if self._name is not None and self._at in (self.works[-1], note):
            name, self._name = self._name, None
            os.kill(os.getpid(), getattr(signal, name))


class Remembered:
    """Builds an objective and keeps it, so that each process can tell what it holds at the end."""

    objective: Objective

    def __init__(self, build: Callable[[Backbone, Any, int], Objective]) -> None:
        self._build = build

    def __call__(self, of: Backbone, settings: Any, images: int) -> Objective:
        Remembered.objective = self._build(of, settings, images)
        return Remembered.objective


class Killed(RecordingReporter):
    """Kills its process after so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._steps = steps

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        super().advance(steps, note=note)
        if len(self.notes) == self._steps:
            os.kill(os.getpid(), signal.SIGKILL)


# The first optimizer of a program imports torch's compiler: a forked child needs not do it again.
torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)

if __name__ == "__main__":
    folder, out, method, *given = sys.argv[1:]
    with process_group() as group:
        work = training(Path(folder), *given, method=method)
        work = replace(work, method=replace(work.method, build=Remembered(work.method.build)))
        killed_after = os.environ.get("TOYS_KILLED_AFTER")
        first_attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") == "0"
        doomed = killed_after is not None and first_attempt and group.rank == group.size - 1
        listener = Killed(int(killed_after or 0)) if doomed else None
        train(work, Path(out), listener=listener, resume=killed_after is None)
        objective = Remembered.objective
        tensors = {f"memory.{name}": tensor for name, tensor in objective.memory.items()}
        tensors |= {
            f"student.{name}": tensor.contiguous() for name, tensor in objective.networks.student.state_dict().items()
        }
        save_file(tensors, Path(out) / f"rank-{group.rank}.safetensors")
