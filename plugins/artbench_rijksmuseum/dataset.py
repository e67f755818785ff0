"""The Rijksmuseum Challenge as it lies on disk."""

import os
import re
from pathlib import Path, PurePosixPath

import numpy as np

from artbench.data.authoring.listing import check_inside, pictures_in
from artbench.data.dataset import Dataset
from artbench.errors import ArtbenchError
from artbench_rijksmuseum import LAYOUT, SOURCE
from artbench_rijksmuseum.metadata import read_metadata
from artbench_rijksmuseum.truth import read_truth

NAME = "rijksmuseum-2014"
LISTING = "filenames.txt"

_MEND = f"The folder should hold {LAYOUT}. The dataset comes from {SOURCE}"
_STEM = re.compile(r"[0-9]{7}_[^/\\\x00-\x1f\x7f]{1,200}")


def open_rijksmuseum(root: Path) -> Dataset:
    """Read the ground truth, or the XML files where it is not there, and find the pictures; opens no picture.

    Row i of the ground truth is the i-th of all file names in sorted order, so with it the names of all works are
    needed: those of the pictures, of the XML files, or a list of them, `filenames.txt`. The numbers in the names
    don't help, since some are left out.

    `Dataset.tables` holds the `Works`, the row of the dataset for each (-1 where its picture is not there), and the
    names of those that are not.

    Raises:
        ArtbenchError: The folder does not hold what it should, or not all names that are needed.
    """
    pictures = _pictures(root)
    if not pictures:
        raise ArtbenchError(f"{NAME}: no pictures in {root}", mend=_MEND)
    metadata = _metadata(root)
    if (root / "rijksgt.mat").is_file():
        works = read_truth(root / "rijksgt.mat")
        stems = _complete(root, len(works), {"pictures": list(pictures), "XML files": list(metadata)})
    elif metadata:
        stems = sorted(metadata)
        works = read_metadata({stem: metadata[stem] for stem in stems})
    else:
        raise ArtbenchError(f"{NAME}: neither rijksgt.mat nor XML files in {root}", mend=_MEND)
    there = [stem for stem in stems if stem in pictures]
    row = {stem: k for k, stem in enumerate(there)}
    return Dataset(
        name=NAME,
        root=root,
        ids=there,
        files=[pictures[stem][0] for stem in there],
        versions=[str(pictures[stem][1]) for stem in there],
        tables={
            "works": works,
            "place": np.array([row.get(stem, -1) for stem in stems], np.int64),
            "stems": stems,
        },
    )


def _pictures(root: Path) -> dict[str, tuple[str, int]]:
    """File and size of each picture, by its stem."""
    found: dict[str, tuple[str, int]] = {}
    for place in ("jpg2", "jpg", "."):
        prefix = "" if place == "." else f"{place}/"
        for name, size in sorted(pictures_in(root / place, dataset=NAME).items()):
            stem = PurePosixPath(name).stem
            if _STEM.fullmatch(stem):
                found.setdefault(stem, (prefix + name, size))
    return found


def _metadata(root: Path) -> dict[str, Path]:
    """The XML file of each work that has one, by its stem."""
    found: dict[str, Path] = {}
    for place in ("xml", "xml2", "."):
        if (root / place).is_dir():
            with os.scandir(root / place) as entries:
                for entry in entries:
                    stem, suffix = os.path.splitext(entry.name)  # noqa: PTH122  fast
                    if suffix.lower() == ".xml" and _STEM.fullmatch(stem):
                        if entry.is_symlink():
                            check_inside(entry.path, root / place, dataset=NAME)
                        found.setdefault(stem, Path(entry.path))
    return found


def _complete(root: Path, works: int, sources: dict[str, list[str]]) -> list[str]:
    """The stems of all works, sorted, from the first source that has them all."""
    if (root / LISTING).is_file():
        sources = {LISTING: _listed(root / LISTING), **sources}
    for stems in sources.values():
        if len(stems) == works:
            return sorted(stems)
    held = ", ".join(f"{len(stems):,} in {source}" for source, stems in sources.items())
    raise ArtbenchError(
        f"{NAME}: rijksgt.mat has a row for each of {works:,} works in the order of their file names, and without all "
        f"of these names nobody can tell which row is whose; there are {held}",
        mend=f"Put all pictures or all XML files there, or a file {LISTING} with all names, one a line; or take "
        "rijksgt.mat away to read the labels from the XML files, with a split of artbench's own",
    )


def _listed(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ArtbenchError(f"{NAME}: {file} can't be read ({error})") from error
    names = (PurePosixPath(line.strip().replace("\\", "/")).name for line in lines)
    stems = {re.sub(r"\.(jpe?g|xml)$", "", name, flags=re.IGNORECASE) for name in names if name}
    wrong = next((stem for stem in stems if not _STEM.fullmatch(stem)), None)
    if wrong is not None:
        raise ArtbenchError(f"{NAME}: {file} holds {wrong[:80]!r}, which is no name NNNNNNN_<object-number>")
    return list(stems)
