"""The test set as published: one JSON with the codes of each image, and one folder of images."""

import json
from collections.abc import Sequence
from pathlib import Path

from artbench.data import Dataset
from artbench.data.authoring import open_listed
from artbench.errors import ArtbenchError
from artbench_iconclass import LAYOUT, SOURCE

NAME = "iconclass"

_MEND = f"The folder should hold {LAYOUT}. The dataset comes from {SOURCE}"
# Ten times the published file.
_LARGEST = 200_000_000


def open_iconclass(root: Path) -> Dataset:
    """Read the codes and find the images, without opening any; `Dataset.tables` holds the `codes` of each listed image.

    Raises:
        ArtbenchError: The folder lacks list or images, or the list is broken.
    """
    file = root / "data.json"
    if not file.is_file():
        raise ArtbenchError(f"{NAME}: no data.json in {root}", mend=_MEND)
    codes = _read(file)
    return open_listed(
        root,
        list(codes),
        dataset=NAME,
        folders=(".", "images"),
        mend=_MEND,
        tables={"codes": list(codes.values())},
    )


def _read(file: Path) -> dict[str, Sequence[str]]:
    if file.stat().st_size > _LARGEST:
        raise ArtbenchError(f"{NAME}: {file} is larger than {_LARGEST // 10**6} MB", mend=_MEND)
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:100]
        raise ArtbenchError(f"{NAME}: {file} can't be read as JSON ({reason})", mend=_MEND) from error
    if not isinstance(found, dict):
        raise ArtbenchError(f"{NAME}: {file} holds a {type(found).__name__}, not an object of images", mend=_MEND)
    for image, codes in found.items():
        if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
            raise ArtbenchError(f"{NAME}: {file}: the codes of {image[:60]} are no list of texts", mend=_MEND)
    return found
