"""The Rijksmuseum Challenge on disk."""

import os
import re
from pathlib import Path, PurePosixPath

import numpy as np

from artbench.data import Dataset
from artbench.data.authoring import check_inside, images_in
from artbench.errors import ArtbenchError
from artbench_rijksmuseum import LAYOUT, SOURCE
from artbench_rijksmuseum.metadata import read_metadata
from artbench_rijksmuseum.truth import read_truth

NAME = "rijksmuseum-2014"
LISTING = "filenames.txt"

_MEND = f"The folder should hold {LAYOUT}. The dataset comes from {SOURCE}"
_STEM = re.compile(r"[0-9]{7}_[^/\\\x00-\x1f\x7f]{1,200}")


def open_rijksmuseum(root: Path) -> Dataset:
    """Read the ground truth, or else the XML files, and find the images, without opening any.

    Row i of the ground truth belongs to the i-th of all file names in sorted order, so it needs the names of all works:
    those of the images, of the XML files, or a list of them, `filenames.txt`. The numbers in the names have gaps.

    `Dataset.tables` holds the `Works`, the dataset's row of each (-1 if its image is missing), and the names of the
    works.

    Raises:
        ArtbenchError: Images or labels are missing, or not all names are known.
    """
    images = _images(root)
    if not images:
        raise ArtbenchError(f"{NAME}: no images in {root}", mend=_MEND)
    metadata = _metadata(root)
    if (root / "rijksgt.mat").is_file():
        works = read_truth(root / "rijksgt.mat")
        stems = _complete(root, len(works), {"images": list(images), "XML files": list(metadata)})
    elif metadata:
        stems = sorted(metadata)
        works = read_metadata({stem: metadata[stem] for stem in stems})
    else:
        raise ArtbenchError(f"{NAME}: neither rijksgt.mat nor XML files in {root}", mend=_MEND)
    there = [stem for stem in stems if stem in images]
    row = {stem: k for k, stem in enumerate(there)}
    return Dataset(
        name=NAME,
        root=root,
        ids=there,
        files=[images[stem][0] for stem in there],
        versions=[str(images[stem][1]) for stem in there],
        tables={
            "works": works,
            "place": np.array([row.get(stem, -1) for stem in stems], np.int64),
            "listed": stems,
        },
    )


def _images(root: Path) -> dict[str, tuple[str, int]]:
    """Return file and size of each image, by its stem."""
    found: dict[str, tuple[str, int]] = {}
    for place in ("jpg2", "jpg", "."):
        prefix = "" if place == "." else f"{place}/"
        for name, size in sorted(images_in(root / place, dataset=NAME).items()):
            stem = PurePosixPath(name).stem
            if _STEM.fullmatch(stem):
                found.setdefault(stem, (prefix + name, size))
    return found


def _metadata(root: Path) -> dict[str, Path]:
    """Return the XML file of each work that has one, by its stem."""
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
    """Return the stems of all works, sorted, from the first source that has them all."""
    if (root / LISTING).is_file():
        sources = {LISTING: _listed(root / LISTING), **sources}
    for stems in sources.values():
        if len(stems) == works:
            return sorted(stems)
    held = ", ".join(f"{len(stems):,} in {source}" for source, stems in sources.items())
    raise ArtbenchError(
        f"{NAME}: rijksgt.mat has a row for each of {works:,} works in the order of their file names, so all of these "
        f"names are needed; there are {held}",
        mend=f"Put all images or all XML files there, or a file {LISTING} with all names, one a line; or remove "
        "rijksgt.mat to read the labels from the XML files, split by artbench",
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
        raise ArtbenchError(f"{NAME}: {file} holds {wrong[:80]!r}, which is not a name NNNNNNN_<object-number>")
    return list(stems)
