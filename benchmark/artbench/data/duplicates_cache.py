"""The cache of the near-duplicates ("twins") that an audit found within a dataset, for later records."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from artbench.data.dataset import Dataset
from artbench.runtime.files import file_errors, write_text


class _File(BaseModel, extra="forbid", frozen=True):
    kind: Literal["artbench audit 2"] = "artbench audit 2"
    fingerprint: str
    contents: str
    tiers: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class CachedDuplicates:
    """The twins that an audit found in one state of a dataset.

    Attributes:
        tiers: How twins were searched for.
        twins: Ids of the twins of each image that has any.
        sha256: Digest of tiers and pairs.
    """

    tiers: tuple[str, ...]
    twins: Mapping[str, frozenset[str]]
    sha256: str

    def leaking(self, tested: Iterable[str], fitted: Iterable[str]) -> set[str]:
        """Return the test images that have a twin among the images fitted on."""
        known = frozenset(fitted)
        return {image for image in tested if not known.isdisjoint(self.twins.get(image, ()))}


def write_duplicates(
    dataset: Dataset,
    contents: NDArray[np.uint64],
    *,
    tiers: Sequence[str],
    pairs: Iterable[tuple[str, str]],
    cache: Path,
) -> None:
    """Write the twins within a dataset, replacing an earlier audit of the same images.

    Args:
        dataset: The dataset.
        contents: Digest of each image that was compared (`Dataset.content`), uint64, shape (len(dataset), 2).
        tiers: How twins were searched for.
        pairs: Ids of the twins.
        cache: Folder of all audits.

    Raises:
        ArtbenchError: The cache can't be written.
    """
    file = _file(dataset, cache)
    content = _File(
        fingerprint=dataset.fingerprint,
        contents=contents.astype("<u8").tobytes().hex(),
        tiers=tuple(tiers),
        pairs=tuple(sorted(pairs)),
    )
    with file_errors(f"the audit can't be kept in {file}", mend="Name another folder with ARTBENCH_CACHE"):
        write_text(file, json.dumps(content.model_dump()) + "\n")


def read_duplicates(dataset: Dataset, contents: NDArray[np.uint64], cache: Path) -> CachedDuplicates | None:
    """Read the last audit of a dataset; None if there is none that can be read, or an image has changed since.

    Args:
        dataset: The dataset.
        contents: Digests of its images as they are now, like those of `write_duplicates`; zeros where unknown.
        cache: Folder of all audits.
    """
    try:
        content = _File.model_validate_json(_file(dataset, cache).read_bytes())
        compared = np.frombuffer(bytes.fromhex(content.contents), "<u8").reshape(contents.shape)
    except (OSError, ValidationError, ValueError):
        return None
    known = contents.any(axis=1)
    if content.fingerprint != dataset.fingerprint or (compared != contents)[known].any():
        return None
    twins: dict[str, set[str]] = defaultdict(set)
    for one, other in content.pairs:
        twins[one].add(other)
        twins[other].add(one)
    found = json.dumps([content.tiers, content.pairs], separators=(",", ":"))
    return CachedDuplicates(
        tiers=content.tiers,
        twins={image: frozenset(others) for image, others in twins.items()},
        sha256=hashlib.sha256(found.encode()).hexdigest(),
    )


def _file(dataset: Dataset, cache: Path) -> Path:
    return cache / f"{dataset.fingerprint[:32]}.json"
