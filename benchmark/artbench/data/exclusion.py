"""Lists of images to leave out of training or test, as an audit writes them."""

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError
from artbench.runtime.files import atomic_write

COLUMNS = ("dataset", "image", "split")
Side: TypeAlias = Literal["train", "test"]
_SIDES: tuple[str, ...] = get_args(Side)


@dataclass(frozen=True, kw_only=True)
class Exclusions:
    """Images to leave out of training or test.

    Attributes:
        images: Ids by dataset and side. The side `train` includes validation; an image left out of `train` is still
            tested on.
        sha256: Digest of the sorted entries; 64 hexadecimal digits.
    """

    images: Mapping[tuple[str, str], frozenset[str]]
    sha256: str

    def apply(self, targets: Targets, dataset: Dataset) -> tuple[Targets, Mapping[Side, int]]:
        """Return the targets without the excluded images, and how many rows train and test lost.

        Repeats lose the same images, which are not counted.
        """
        taken: dict[Side, int] = {"train": 0, "test": 0}
        if not any((dataset.name, side) in self.images for side in _SIDES):
            return targets, taken
        splits: dict[str, Split] = {}
        for name, split in targets.splits:
            side: Side = "test" if name == "test" else "train"
            out = self.images.get((dataset.name, side), frozenset())
            keep = np.array([dataset.ids[row] not in out for row in split.rows.tolist()], bool)
            splits[name] = split.only(keep)
            taken[side] += len(split) - len(splits[name])
        repeats = tuple(self.apply(repeat, dataset)[0] for repeat in targets.repeats)
        validation = splits.get("validation")
        left = replace(targets, train=splits["train"], validation=validation, test=splits["test"], repeats=repeats)
        return left, taken

    def unknown(self, dataset: Dataset) -> list[str]:
        """Return the ids listed for a dataset that it does not have, sorted."""
        listed = frozenset[str]().union(*(self.images.get((dataset.name, side), frozenset()) for side in _SIDES))
        return sorted(listed - dataset.rows.keys())


NOTHING = Exclusions(images={}, sha256=hashlib.sha256().hexdigest())


def read_exclusions(path: Path) -> Exclusions:
    """Read a CSV file with the columns `dataset`, `image` (an id) and `split` (`train` or `test`); others are ignored.

    Raises:
        ArtbenchError: The file can't be read, lacks a column, or has a line with another split.
    """
    images: dict[tuple[str, str], set[str]] = {}
    mend = f"It should have the columns {', '.join(COLUMNS)}, as the list that `artbench data audit` writes"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            lacking = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            if lacking:
                raise ArtbenchError(f"{path} has no column {', '.join(lacking)}", mend=mend)
            for row in reader:
                dataset, image, split = (row[column] for column in COLUMNS)
                if split not in _SIDES or not dataset or not image:
                    raise ArtbenchError(
                        f"{path}, line {reader.line_num}: a dataset, an image and a split (train or test) are needed, "
                        f"not {dataset!r}, {image!r}, {split!r}",
                        mend=mend,
                    )
                images.setdefault((dataset, split), set()).add(image)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ArtbenchError(f"{path} can't be read as a list of images ({reason})", mend=mend) from error
    digest = hashlib.sha256()
    for entry in sorted((*key, image) for key, found in images.items() for image in found):
        digest.update("\0".join(entry).encode() + b"\n")
    return Exclusions(images={key: frozenset(found) for key, found in images.items()}, sha256=digest.hexdigest())


def write_exclusions(path: Path, entries: Iterable[tuple[str, str, Side]]) -> None:
    """Write a list for `read_exclusions`: dataset, image and side of each entry, sorted, without repetition."""
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(sorted(set(entries)))
