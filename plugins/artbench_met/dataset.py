"""The Met as published: a list of the museum's photographs, two of visitors' and of distractors, and their images."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from artbench.data import Dataset, Targets
from artbench.data.authoring import (
    check_inside,
    find_list,
    images_in,
    listed_path,
    listed_targets,
    match_files,
    read_json,
)
from artbench.errors import ArtbenchError
from artbench_met import DATABASES, LAYOUT, SOURCE

_QUERIES = {"valset": "validation", "testset": "test"}
_DISTRACTOR = -1
_NUMBER = re.compile("-?[0-9]{1,18}")


@dataclass(frozen=True, kw_only=True)
class Photographs:
    """All lists, one after the other.

    Attributes:
        splits: `train` for the database, `validation` or `test` for queries, of each photograph.
        works: Number of the artwork that each shows, as the museum has it; -1 for a distractor.
    """

    splits: Sequence[str]
    works: Sequence[int]


def open_met(root: Path) -> Dataset:
    """Read the lists and find the images, without opening any; `Dataset.tables` holds the `photographs`.

    Each of the folders that the lists name (`MET`, `test_met`, `test_other`, `test_noart`) may lie in the root, in its
    folder `images` or `MET`, or in a folder of its own name, as copies of the release have it.

    Raises:
        ArtbenchError: A list is missing or broken, names an image twice, or one that leads out of the folder; a query
            shows an artwork that the database lacks; or none of the images is there.
    """
    return _open(root, "met")


def open_met_mini(root: Path) -> Dataset:
    """Read the release with the small database; otherwise as `open_met`."""
    return _open(root, "met-mini")


def instance_targets(dataset: Dataset) -> Targets:
    """Return the photographs of the museum as the index and those of visitors as queries, with their distractors.

    Validation are the queries that a confidence is chosen on. Queries of one artwork are of one group, and a distractor
    is of none.
    """
    photographs = cast("Photographs", dataset.tables["photographs"])
    known = sorted({work for work in photographs.works if work != _DISTRACTOR})
    number = {work: label for label, work in enumerate(known)} | {_DISTRACTOR: -1}
    return listed_targets(
        dataset,
        classes=[str(work) for work in known],
        labels=np.array([number[work] for work in photographs.works], np.int64),
        splits=photographs.splits,
        groups=["" if work == _DISTRACTOR else str(work) for work in photographs.works],
    )


def _open(root: Path, dataset: str) -> Dataset:
    database = DATABASES[dataset]
    mend = f"The folder should hold {LAYOUT.format(database=database)}. The dataset comes from {SOURCE}"
    folder = find_list(root, f"ground_truth/{database}.json", f"{database}.json", dataset=dataset, mend=mend).parent
    works: dict[str, int] = {}
    splits: list[str] = []
    held: set[int] = set()
    for name in (database, *_QUERIES):
        file = find_list(folder, f"{name}.json", dataset=dataset, mend=mend)
        for at, entry in enumerate(read_json(file, list, dataset=dataset, mend=mend)):
            where = f"{dataset}: {file}, entry {at}"
            if not isinstance(entry, dict):
                raise ArtbenchError(f"{where} is no object", mend=mend)
            path = _path(entry, where, mend)
            work = _work(entry, where, mend, key="id" if name == database else "MET_id")
            if path in works:
                raise ArtbenchError(f"{where}: the image {path} is listed a second time", mend=mend)
            if name == database:
                held.add(work)
            elif work != _DISTRACTOR and work not in held:
                raise ArtbenchError(f"{where}: {path} shows the artwork {work}, which the database lacks", mend=mend)
            works[path] = work
            splits.append(_QUERIES.get(name, "train"))
    found, places = _found(root, list(works), dataset, mend)
    there = sorted(found)
    row = {path: number for number, path in enumerate(there)}
    return Dataset(
        name=dataset,
        root=root,
        ids=there,
        files=[found[path][0] for path in there],
        versions=[str(found[path][1]) for path in there],
        captions=["" if works[path] == _DISTRACTOR else f"artwork {works[path]}" for path in there],
        notes=[f"The images of {top} are in {place}" for top, place in places.items()],
        tables={
            "photographs": Photographs(splits=splits, works=list(works.values())),
            "place": np.array([row.get(path, -1) for path in works], np.int64),
            "listed": list(works),
        },
    )


def _path(entry: Mapping[str, object], where: str, mend: str) -> str:
    path = entry.get("path")
    if not isinstance(path, str):
        raise ArtbenchError(f"{where}: no path of an image", mend=mend)
    try:
        spelled = listed_path(path)
    except ValueError as error:
        raise ArtbenchError(f"{where}: the image {path[:100]!r}: {error}", mend=mend) from error
    if "/" not in spelled:
        raise ArtbenchError(f"{where}: the image {path[:100]!r} is in no folder", mend=mend)
    return spelled


def _work(entry: Mapping[str, object], where: str, mend: str, *, key: str) -> int:
    """Return the number of an artwork; a distractor has none."""
    given = entry.get(key, _DISTRACTOR if key == "MET_id" else None)
    if isinstance(given, str) and _NUMBER.fullmatch(given):
        given = int(given)
    if type(given) is not int or given < (_DISTRACTOR if key == "MET_id" else 0):
        raise ArtbenchError(f"{where}: {key} is {str(given)[:60]!r}, not the number of an artwork", mend=mend)
    return given


def _found(
    root: Path, listed: Sequence[str], dataset: str, mend: str
) -> tuple[dict[str, tuple[str, int]], dict[str, str]]:
    """Return file and size of each listed image that is there, and where each folder of the lists was found."""
    below: dict[str, list[str]] = defaultdict(list)
    for path in listed:
        top, _, rest = path.partition("/")
        below[top].append(rest)
    found: dict[str, tuple[str, int]] = {}
    places: dict[str, str] = {}
    for top, names in below.items():
        depth = max(name.count("/") for name in names)
        for place in (f"images/{top}", top, f"{top}/{top}", f"MET/{top}"):
            check_inside(root / place, root, dataset=dataset)
            sizes = images_in(root / place, dataset=dataset, depth=depth)
            if files := match_files(names, sizes):
                places[top] = place
                found |= {f"{top}/{name}": (f"{place}/{file}", sizes[file]) for name, file in files.items()}
                break
    if not found:
        raise ArtbenchError(f"{dataset}: none of the {len(listed):,} images that are listed is in {root}", mend=mend)
    return found, places
