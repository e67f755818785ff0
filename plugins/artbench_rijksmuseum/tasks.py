"""The tasks of the challenge, with its classes and its three sets (Mensink and van Gemert 2014)."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from artbench.data import Dataset, Targets
from artbench.data import Labels as LabelArray
from artbench.data.authoring import listed_targets
from artbench.errors import ArtbenchError
from artbench_rijksmuseum.works import TEST, TRAIN, VALIDATION, Labels, Works

REST = "rest"
LONGEST_SPAN = 100
_SPLITS = {TRAIN: "train", VALIDATION: "validation", TEST: "test"}


def artist_targets(dataset: Dataset) -> Targets:
    """Return 374 makers and `rest`: all others, and works whose maker is unknown."""
    works = _works(dataset)
    named = _named(works)
    return _single(dataset, works, named, rest=True)


def artist_374_targets(dataset: Dataset) -> Targets:
    """Return the works of the 374 makers only."""
    works = _works(dataset)
    return _single(dataset, works, _named(works), rest=False)


def artist_100_targets(dataset: Dataset) -> Targets:
    """Return the works of the 100 makers with most works; ties go by name."""
    works = _works(dataset)
    named = _named(works)
    counts = np.bincount(works.creators.labels, minlength=len(works.creators.names))[named]
    most = np.sort(named[np.argsort(-counts, kind="stable")[:100]])
    return _single(dataset, works, most, rest=False)


def type_targets(dataset: Dataset) -> Targets:
    """Return 103 types; works with none of them stay, as in the challenge."""
    works = _works(dataset)
    return _multi(dataset, works, works.types)


def material_targets(dataset: Dataset) -> Targets:
    """Return 81 materials; works with none of them stay, as in the challenge."""
    works = _works(dataset)
    return _multi(dataset, works, works.materials)


def year_targets(dataset: Dataset) -> Targets:
    """Return the middle of the years in which a work was made, for the 109,903 works with less than 100 years between.

    Raises:
        ArtbenchError: The years are unknown, as in the XML files.
    """
    works = _works(dataset)
    if works.years is None:
        raise ArtbenchError(
            f"rijksmuseum-2014: the years are read from rijksgt.mat, which is not in {dataset.root}",
            mend="Put it there, with the names of all works",
        )
    # The two are in the wrong order for a few works.
    close = np.abs(works.years[:, 1] - works.years[:, 0]) < LONGEST_SPAN
    return _targets(dataset, works, (), works.years.mean(axis=1), wanted=close)


def _works(dataset: Dataset) -> Works:
    return cast("Works", dataset.tables["works"])


def _named(works: Works) -> NDArray[np.int64]:
    eligible = works.creators.eligible(works.sets)
    return eligible[~np.isin(eligible, list(works.anonymous))]


def _single(dataset: Dataset, works: Works, creators: NDArray[np.int64], *, rest: bool) -> Targets:
    _check_any(creators, "maker", dataset)
    number = np.full(len(works.creators.names), len(creators) if rest else -1)
    number[creators] = np.arange(len(creators))
    labels = np.empty(len(works), np.int64)
    labels[works.creators.rows] = number[works.creators.labels]
    names = tuple(works.creators.names[creator] for creator in creators.tolist())
    return _targets(dataset, works, (*names, REST) if rest else names, labels, wanted=labels >= 0)


def _multi(dataset: Dataset, works: Works, labels: Labels) -> Targets:
    classes = labels.eligible(works.sets)
    _check_any(classes, "label", dataset)
    number = np.full(len(labels.names), -1)
    number[classes] = np.arange(len(classes))
    column = number[labels.labels]
    table = np.zeros((len(works), len(classes)), bool)
    table[labels.rows[column >= 0], column[column >= 0]] = True
    names = tuple(labels.names[label] for label in classes.tolist())
    return _targets(dataset, works, names, table, wanted=np.ones(len(works), bool))


def _check_any(classes: NDArray[np.int64], what: str, dataset: Dataset) -> None:
    if not len(classes):
        raise ArtbenchError(
            f"rijksmuseum-2014: no {what} has an image in all three sets and ten to test on",
            mend=f"Check that all works are in {dataset.root}",
        )


def _targets(
    dataset: Dataset,
    works: Works,
    classes: tuple[str, ...],
    labels: LabelArray,
    *,
    wanted: NDArray[np.bool_],
) -> Targets:
    names = np.array([_SPLITS[part] for part in works.sets.tolist()], object)
    return listed_targets(dataset, classes=classes, labels=labels, splits=np.where(wanted, names, "").tolist())
