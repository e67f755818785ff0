"""The test set as published: one JSON with the codes of each image, and one folder of images."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from artbench.data import Dataset
from artbench.data.authoring import find_list, open_listed, read_json
from artbench.errors import ArtbenchError
from artbench_iconclass import LAYOUT, SOURCE

NAME = "iconclass"

_MEND = f"The folder should hold {LAYOUT}. The dataset comes from {SOURCE}"


def open_iconclass(root: Path) -> Dataset:
    """Read the codes and find the images, without opening any; `Dataset.tables` holds the `codes` of each listed image.

    Raises:
        ArtbenchError: The folder lacks list or images, or the list is broken.
    """
    codes = _read(find_list(root, "data.json", dataset=NAME, mend=_MEND))
    return open_listed(
        root,
        list(codes),
        dataset=NAME,
        folders=(".", "images"),
        mend=_MEND,
        tables={"codes": list(codes.values())},
    )


def _read(file: Path) -> Mapping[str, Sequence[str]]:
    found = read_json(file, dict, dataset=NAME, mend=_MEND)
    for image, codes in found.items():
        if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
            raise ArtbenchError(f"{NAME}: {file}: the codes of {image[:60]!r} are no list of texts", mend=_MEND)
    return cast("Mapping[str, Sequence[str]]", found)
