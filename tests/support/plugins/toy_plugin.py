"""A plugin for tests: a small dataset painted on the spot, two tasks, a backbone that is quick, one that fails."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from artbench import hookimpl
from artbench.specs import BackboneSpec, DatasetSpec, Prompts, TaskSpec

COLOURS = ("red", "green", "blue")


@hookimpl
def register_backbones(register: Callable[[BackboneSpec], None]) -> None:
    register(BackboneSpec(name="toy-patches", description="Sixteen patches through a small net.", factory=patches))
    register(BackboneSpec(name="toy-broken", description="Can't be built.", factory=broken))


@hookimpl
def register_datasets(register: Callable[[DatasetSpec], None]) -> None:
    register(
        DatasetSpec(
            name="toy",
            description="Coloured noise.",
            factory=read,
            source="this file",
            layout="labels.csv and pictures",
            prepare=paint,
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec], None]) -> None:
    for name, target, metric, factory in (
        ("toy-colour", "single-label", "accuracy", colour),
        ("toy-traits", "multi-label", "mean_average_precision", traits),
    ):
        register(
            TaskSpec(
                name=name,
                description="What colour it is.",
                dataset="toy",
                target=target,
                primary_metric=metric,
                factory=factory,
                prompts=Prompts(templates=("noise in {}.",)) if target == "single-label" else None,
            )
        )


def paint(root: Path) -> None:
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    with (root / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        for number in range(90):
            pixels = random.integers(0, 120, (48, 64, 3))
            pixels[..., number % 3] += random.integers(0, 60)
            Image.fromarray(pixels.astype(np.uint8)).save(root / f"{number:03}.png")
            rows.writerow([f"{number:03}.png", number % 3])


def read(root: Path) -> Any:
    from artbench.data.dataset import Dataset
    from artbench.errors import ArtbenchError

    if not (root / "labels.csv").is_file():
        raise ArtbenchError(f"no labels.csv in {root}", mend="Paint it anew")
    with (root / "labels.csv").open() as file:
        rows = [(name, int(label)) for name, label in csv.reader(file)]
    there = [(name, label) for name, label in rows if (root / name).is_file()]
    names = [name for name, _ in there]
    gone = [name for name, _ in rows if not (root / name).is_file()]
    return Dataset(
        name="toy", root=root, ids=names, files=names, tables={"labels": [label for _, label in there], "gone": gone}
    )


def _targets(dataset: Any, classes: tuple[str, ...], labels: Any) -> Any:
    import numpy as np

    from artbench.data.targets import Split, Targets

    rows = np.arange(len(dataset))
    train, test = rows[: 2 * len(rows) // 3], rows[2 * len(rows) // 3 :]
    return Targets(
        classes=classes,
        train=Split(rows=train, labels=labels[train]),
        test=Split(rows=test, labels=labels[test]),
        missing=dataset.tables["gone"],
    )


def colour(dataset: Any) -> Any:
    import numpy as np

    return _targets(dataset, COLOURS, np.array(dataset.tables["labels"], np.int64))


def traits(dataset: Any) -> Any:
    import numpy as np

    labels = np.array(dataset.tables["labels"])
    return _targets(dataset, ("warm", "not green"), np.stack([labels == 0, labels != 1], axis=1))


def patches() -> Any:
    import torch

    from artbench.encoders.backbone import Backbone, Layers

    module = torch.nn.Sequential(
        torch.nn.AdaptiveAvgPool2d(4), torch.nn.Conv2d(3, 8, 1), torch.nn.Flatten(), torch.nn.LayerNorm(128)
    )
    return Backbone(
        name="toy-patches",
        module=module,
        feature_dim=128,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        layers=lambda: Layers(names=("0", "1")),
    )


def broken() -> Any:
    raise RuntimeError("out of paint")
