"""A plugin for the tests of other plugins: a small generated dataset, a task on it, and a small network."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artbench.hookspecs import hookimpl
from artbench.specs import BackboneSpec, DatasetSpec, TaskSpec

if TYPE_CHECKING:
    from artbench.data.dataset import Dataset
    from artbench.data.targets import Targets
    from artbench.encoders.backbone import Backbone

ARTBENCH_CONTRACT = 1
COLOURS = ("red", "green", "blue")
_IMAGES = 36

BACKBONE = BackboneSpec(
    name="tiny", description="a network of a few thousand parameters", factory="artbench.testing.tiny:network"
)
DATASET = DatasetSpec(
    name="tiny",
    description="36 images of coloured noise",
    factory="artbench.testing.tiny:read",
    source="artbench.testing, which generates it",
    layout="labels.csv (file, colour, split) and the images it names",
    prepare="artbench.testing.tiny:paint",
)
TASK = TaskSpec(
    name="tiny-colour",
    description="which of 3 colours an image leans to",
    dataset="tiny",
    target="single-label",
    primary_metric="accuracy",
    factory="artbench.testing.tiny:colours",
)


@dataclass(frozen=True, kw_only=True)
class TinyDataset:
    """The tiny dataset on disk.

    Attributes:
        root: The folder with `labels.csv` and the images, half of them PNG, half JPEG.
        spec: The dataset `tiny`.
        task: The task `tiny-colour` on it.
        plugin: A file that registers both and the backbone `tiny`, for `--plugin`, and `plugins=` in Python.
    """

    root: Path
    spec: DatasetSpec = DATASET
    task: TaskSpec = TASK
    plugin: Path = Path(__file__)

    def read(self) -> "Dataset":
        """Read the dataset as artbench does."""
        return read(self.root)


@hookimpl
def register_backbones(register: Callable[[BackboneSpec], None]) -> None:
    """Register `tiny`."""
    register(BACKBONE)


@hookimpl
def register_datasets(register: Callable[[DatasetSpec], None]) -> None:
    """Register `tiny`."""
    register(DATASET)


@hookimpl
def register_tasks(register: Callable[[TaskSpec], None]) -> None:
    """Register `tiny-colour`."""
    register(TASK)


def paint(root: Path) -> None:
    """Write 24 images to train on and 12 to test, and their list."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    with (root / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("file", "colour", "split"))
        for number in range(_IMAGES):
            colour = number % len(COLOURS)
            pixels = random.integers(0, 120, (40, 56, 3))
            pixels[..., colour] += 100
            name = f"{COLOURS[colour]}/{number:02}.{'png' if number % 2 else 'jpg'}"
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(root / name)
            table.writerow([name, COLOURS[colour], "train" if number < 24 else "test"])


def read(root: Path) -> "Dataset":
    """Read the images on the list, in its order.

    Raises:
        ArtbenchError: There is no list.
    """
    from artbench.data.dataset import Dataset
    from artbench.errors import ArtbenchError

    try:
        with (root / "labels.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        reason = f"no labels.csv in {root} ({error.strerror})"
        raise ArtbenchError(reason, mend="Let artbench.testing generate the folder") from error
    files = [row["file"] for row in rows]
    return Dataset(name="tiny", root=root, ids=files, files=files, tables={"rows": rows})


def colours(dataset: "Dataset") -> "Targets":
    """The colour of each image, in the splits of the list."""
    import numpy as np

    from artbench.data.targets import Split, Targets

    listed: Any = dataset.tables["rows"]

    def split(name: str) -> Split:
        rows = [row for row, image in enumerate(listed) if image["split"] == name]
        labels = [COLOURS.index(listed[row]["colour"]) for row in rows]
        return Split(rows=np.array(rows, np.int64), labels=np.array(labels, np.int64))

    return Targets(classes=COLOURS, train=split("train"), test=split("test"))


def network() -> "Backbone":
    """Build two convolutions with batch normalisation, 3,968 parameters."""
    from torch import nn

    from artbench.encoders.backbone import Backbone

    module = nn.Sequential(
        *(nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()),
        *(nn.Conv2d(16, 24, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(24), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    )
    return Backbone(name="tiny", module=module, feature_dim=24, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
