"""Finding lists and images in the layouts in which the release is distributed."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from artbench.data.authoring import check_inside
from artbench.errors import ArtbenchError
from artbench_wikiart import LAYOUT, SOURCE

TASKS = ("style", "artist", "genre")

MEND = f"The folder should hold {LAYOUT}. The dataset comes from {SOURCE}"

# Below the root: unpacked from the two zip files, from both into one folder, or as in the ArtGAN repository.
_IMAGES = (".", "wikiart", "WikiArt Dataset", "WikiArt Dataset/wikiart")
_LISTS = ("wikiart_csv", ".", "wikiart/wikiart_csv", "wikiart", "WikiArt Dataset")

_SUFFIXES = ("", ".csv", ".txt", ".gz", ".csv.gz", ".txt.gz")


@dataclass(frozen=True, kw_only=True)
class ListFiles:
    """The three files of one task."""

    classes: Path
    train: Path
    val: Path


def find_lists(root: Path) -> dict[str, ListFiles]:
    """Find the files of each task that has all three in one folder.

    The folders are, in this order: `wikiart_csv`, the root, `wikiart`, `WikiArt Dataset`, and `wikiart_csv` beside the
    root; in each of them also a folder named like the task.

    Raises:
        ArtbenchError: There are no lists, or only some of a task's, or a folder can't be read.
    """
    beside = root.absolute().parent / "wikiart_csv"
    folders = [*(root / folder for folder in _LISTS), beside]
    lists = {task: files for task in TASKS if (files := _find_task(task, folders)) is not None}
    if not lists:
        raise ArtbenchError(f"wikiart: no lists (style_train.csv, style_val.csv, …) in {root}", mend=MEND)
    return lists


def _find_task(task: str, folders: Collection[Path]) -> ListFiles | None:
    partly = None
    for folder in [place for parent in folders for place in (parent, parent / task.capitalize())]:
        names = {entry.name for entry in _entries(folder) if entry.is_file()}
        parts = {part: _first(f"{task}_{part}", names) for part in ("class", "train", "val")}
        there = {part: folder / name for part, name in parts.items() if name is not None}
        if len(there) == len(parts):
            return ListFiles(classes=there["class"], train=there["train"], val=there["val"])
        if there and partly is None:
            lacking = ", ".join(f"{task}_{part}" for part in parts if part not in there)
            partly = f"wikiart: {folder} holds lists of the task {task}, but no {lacking}"
    if partly is not None:
        raise ArtbenchError(partly, mend=MEND)
    return None


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ArtbenchError(f"wikiart: {folder} can't be read ({error.strerror})") from error


def _first(stem: str, names: Collection[str]) -> str | None:
    return next((stem + suffix for suffix in _SUFFIXES if stem + suffix in names), None)


def find_images(root: Path, styles: Collection[str]) -> str:
    """Return the folder with the most style folders, relative to the root.

    Args:
        root: Folder of the dataset.
        styles: Folder names in the lists.

    Raises:
        ArtbenchError: No folder holds any of them.
    """
    held = {place: sum((root / place / style).is_dir() for style in styles) for place in _IMAGES}
    best = max(held, key=lambda place: held[place])
    if not held[best]:
        some = ", ".join(sorted(styles)[:3])
        raise ArtbenchError(f"wikiart: no images in {root}: neither there nor in wikiart/ is {some}, …", mend=MEND)
    return best


def scan_images(folder: Path, styles: Collection[str]) -> dict[str, int]:
    """Return the size in bytes of each file in the style folders, by `<Style>/<name>`.

    Raises:
        ArtbenchError: A style folder can't be read, or a link in one leads out of `folder`.
    """
    sizes = {}
    for style in styles:
        for entry in _entries(folder / style):
            if entry.is_symlink():
                check_inside(entry.path, folder, dataset="wikiart")
            if entry.is_file():
                sizes[f"{style}/{entry.name}"] = entry.stat().st_size
    return sizes
