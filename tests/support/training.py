"""A pool, a backbone and a training that are quick; also run as a program, to be started by `torchrun`.

`python -m tests.support.training FOLDER OUT` makes every training of TOGETHER on the images of FOLDER, each in a folder
of OUT, saving after every step. The last process of the first attempt is killed in the midst of the training `killed`,
which goes on where torchrun starts the processes again.
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
from artbench.runtime.distributed import current_group, process_group
from artbench.specs import BackboneSpec
from artbench_moco import methods
from tests.support.reporters import RecordingReporter

COUNT, TRAIN = 60, 50
SETTINGS = ("batch_size=16", "sub_batch=4", "crop_size=16", "steps=6")
# The trainings of the program, by their folder: method and settings.
TOGETHER: dict[str, tuple[str, ...]] = {
    "moco-v2": ("moco-v2",),
    "moco-v3": ("moco-v3", "hidden=16", "warmup_epochs=0"),
    "killed": ("moco-v2",),
}
KILLED_AFTER = 4


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


def train_together(folder: Path, out: Path, name: str) -> None:
    """Make one training of TOGETHER with the other processes, and write what this one holds at the end."""
    method, *pairs = TOGETHER[name]
    group, killed = current_group(), name == "killed"
    held = out / name / f"rank-{group.rank}.safetensors"
    if held.exists():
        return
    first_attempt = os.environ["TORCHELASTIC_RESTART_COUNT"] == "0"
    if not first_attempt:
        (out / "again").touch()
    work = training(folder, *pairs, method=method)
    work = replace(work, method=replace(work.method, build=Remembered(work.method.build)))
    doomed = killed and first_attempt and group.rank == group.size - 1
    train(work, out / name, listener=Killed(KILLED_AFTER) if doomed else None, resume=not killed)
    objective = Remembered.objective
    tensors = {f"memory.{key}": tensor for key, tensor in objective.memory.items()}
    student = objective.networks.student.state_dict()
    save_file(tensors | {f"student.{key}": tensor.contiguous() for key, tensor in student.items()}, held)


if __name__ == "__main__":
    with process_group():
        for name in TOGETHER:
            train_together(Path(sys.argv[1]), Path(sys.argv[2]), name)
