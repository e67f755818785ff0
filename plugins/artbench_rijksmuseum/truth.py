"""The ground truth of the challenge: `rijksgt.mat`, one row for each of the 112,039 works."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench_rijksmuseum import SOURCE
from artbench_rijksmuseum.works import Labels, Works

# Fifty times the true file, which unpacks to about 200 times its size.
_LARGEST = 70_000_000

_NOBODY = frozenset({"anoniem", "unknown"})


def read_truth(file: Path) -> Works:
    r"""Read the ground truth.

    Names get the replacement character where `\x1a\x1a` stands for a letter beyond ASCII.

    Raises:
        ArtbenchError: It can't be read, or is another file.
    """
    from scipy.io import loadmat

    try:
        size = file.stat().st_size
        content = loadmat(file, variable_names=["gt"]) if size <= _LARGEST else {}
        truth = content["gt"][0, 0]
        sets = np.asarray(truth["set"], np.int64).ravel()
        creator = np.asarray(truth["C"], np.int64).ravel() - 1
        names = _names(truth["Cnames"])
        works = Works(
            sets=sets,
            creators=Labels(names=names, rows=np.arange(len(sets)), labels=creator),
            anonymous=frozenset(k for k, name in enumerate(names) if name in _NOBODY),
            types=_labels(truth["T"], truth["Tnames"]),
            materials=_labels(truth["M"], truth["Mnames"]),
            years=np.asarray(truth["Y"], np.int64),
        )
        _check(works)
    except ArtbenchError:
        raise
    except OSError as error:
        raise ArtbenchError(f"rijksmuseum-2014: {file} can't be read ({error.strerror})") from error
    except Exception as error:  # A file of another kind raises anything.
        raise ArtbenchError(
            f"rijksmuseum-2014: {file} is not the ground truth of the challenge ({type(error).__name__}: {error})",
            mend=f"Download it again from {SOURCE}",
        ) from error
    return works


def _names(cells: NDArray[Any]) -> tuple[str, ...]:
    return tuple(str(cell[0]).replace("\x1a\x1a", "\ufffd") if len(cell) else "" for cell in cells.ravel())


def _labels(ranks: Any, names: NDArray[Any]) -> Labels:
    """Convert a table of ranks, 0 where a label is absent, to pairs."""
    rows, labels = np.nonzero(ranks.toarray() if hasattr(ranks, "toarray") else ranks)
    return Labels(names=_names(names), rows=rows.astype(np.int64), labels=labels.astype(np.int64))


def _check(works: Works) -> None:
    if not np.isin(works.sets, (1, 2, 3)).all():
        raise ValueError("a set is not 1, 2 or 3")
    for labels in (works.creators, works.types, works.materials):
        if labels.rows.max() >= len(works) or labels.labels.min() < 0 or labels.labels.max() >= len(labels.names):
            raise ValueError("a label has no name, or is of no work")
    if works.years is None or works.years.shape != (len(works), 2):
        raise ValueError("there are not two years a work")
