"""A small collection on disk, and what becomes of it."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from artbench.data.folders import DatasetPaths
from artbench.data.opening import OpenTask, open_tasks
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Silent

STYLES = ("Barock", "Jugendstil", "Realismus")


def opened(*names: str, allow_partial: bool = True) -> list[OpenTask]:
    found = open_tasks(
        names, registry=load_plugins(), paths=DatasetPaths(), allow_partial=allow_partial, reporter=Silent()
    )
    return [task for tasks in found for task in tasks]


def only(name: object, **options: Any) -> OpenTask:
    (task,) = opened(f"collection:{name}", **options)
    return task


def touch(root: Path, *paths: str) -> None:
    for size, path in enumerate(paths, start=1):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(bytes(size))


def write_table(
    file: Path, head: Sequence[str], rows: Sequence[Sequence[object]], *, encoding: str = "utf-8", delimiter: str = ","
) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding=encoding) as opened_file:
        csv.writer(opened_file, delimiter=delimiter).writerows([head, *rows])
    return file


def works(count: int = 30) -> list[tuple[str, str, str, str]]:
    """Path, style, painter (each of two styles) and title."""
    return [(f"scans/{k:03}.jpg", STYLES[k % 3], f"Maler {k % 5}", f"Ohne Titel {k}") for k in range(count)]


def write_museum(root: Path, count: int = 30) -> Path:
    touch(root, *(path for path, *_ in works(count)))
    return write_table(root / "works.csv", ("path", "style", "painter", "title"), works(count))


def labels_by_id(task: OpenTask) -> dict[str, str]:
    found = {}
    for _, split in task.targets.splits:
        for row, label in zip(split.rows.tolist(), split.labels.tolist(), strict=True):
            found[task.dataset.ids[row]] = task.targets.classes[label]
    return found


def ids(task: OpenTask, part: str) -> set[str]:
    return {task.dataset.ids[row] for row in dict(task.targets.splits)[part].rows.tolist()}
