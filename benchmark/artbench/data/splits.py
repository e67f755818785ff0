"""Which pictures of train are held out to choose the penalty on, where a dataset has no validation split."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from artbench.data.targets import Labels


def held_out(labels: Labels, ids: Sequence[str], *, fraction: float) -> NDArray[np.int64]:
    """A stratified share of some pictures, picked by SHA-256 of their ids: no seed, no order, no machine matters.

    Pictures are put into strata: by class, by century, or in multi-label data by the label of theirs that is rarest
    here (those with no label are a stratum of their own). Of each stratum of n pictures, the round(n * fraction)
    with the smallest digests are taken (halves are rounded up), but never all: a class with one picture stays.
    Where that takes nothing at all, one picture of each stratum of at least two is taken.

    A picture that is listed more than once, under one label or several, is counted once, in the stratum of
    its rarest label, and all its rows go the same way.

    Args:
        labels: As `Split.labels`.
        ids: The id of each picture.
        fraction: Share to hold out, in [0, 1].

    Returns:
        Positions among `ids`, ascending; empty where every stratum has one picture.

    Examples:
        >>> import numpy as np
        >>> from artbench.data.authoring import held_out
        >>> labels = np.repeat([0, 1], 10)
        >>> held_out(labels, [f"{number}.jpg" for number in range(20)], fraction=0.1)
        array([ 0, 19])
    """
    taken = stratified_share(_strata(labels, ids), fraction=fraction)
    return np.array([position for position, id_ in enumerate(ids) if id_ in taken], np.int64)


def stratified_share(strata: Mapping[str, int], *, fraction: float) -> set[str]:
    """The ids that `held_out` takes.

    Args:
        strata: The stratum of each id.
        fraction: Share to take of each, in [0, 1].

    Examples:
        >>> from artbench.data.authoring import stratified_share
        >>> sorted(stratified_share({"a.jpg": 0, "b.jpg": 0, "c.jpg": 1, "d.jpg": 1}, fraction=0.5))
        ['a.jpg', 'd.jpg']
    """
    members: dict[int, list[str]] = {}
    for id_, stratum in strata.items():
        members.setdefault(stratum, []).append(id_)
    sizes = {stratum: min(math.floor(len(of) * fraction + 0.5), len(of) - 1) for stratum, of in members.items()}
    if not any(sizes.values()):
        sizes = {stratum: min(1, len(of) - 1) for stratum, of in members.items()}
    return {id_ for stratum, of in members.items() for id_ in sorted(of, key=_digest)[: sizes[stratum]]}


def _digest(id_: str) -> str:
    return hashlib.sha256(id_.encode("utf-8", "surrogateescape")).hexdigest()


def _strata(labels: Labels, ids: Sequence[str]) -> dict[str, int]:
    """The stratum of each id."""
    if labels.dtype == np.float64:
        labels = np.unique(labels // 100, return_inverse=True)[1]
    if labels.ndim == 1:
        rarest, counts = labels, np.bincount(labels)
    else:
        counts = np.append(labels.sum(axis=0), len(labels) + 1)
        rarest = rarest_labels(*np.nonzero(labels), counts=counts, n=len(labels))
    best: dict[str, tuple[int, int]] = {}
    for id_, stratum in zip(ids, rarest.tolist(), strict=True):
        rank = (int(counts[stratum]), stratum)
        best[id_] = min(best.get(id_, rank), rank)
    return {id_: stratum for id_, (_, stratum) in best.items()}


def rarest_labels(
    rows: NDArray[np.int64], labels: NDArray[np.int64], *, counts: NDArray[np.int64], n: int
) -> NDArray[np.int64]:
    """Of each picture the rarest of its labels, the first of equals; one past the last label where it has none.

    Args:
        rows: Picture of each pair of picture and label, shape (pairs,).
        labels: Label of each pair.
        counts: How many pictures have each label; one more than that is read, for "no label".
        n: Number of pictures.

    Examples:
        >>> import numpy as np
        >>> from artbench.data.authoring import rarest_labels
        >>> pairs = np.array([[0, 0], [0, 1], [1, 0]])  # image 0 has labels 0 and 1, image 1 has label 0
        >>> rarest_labels(pairs[:, 0], pairs[:, 1], counts=np.array([2, 1, 0]), n=3)
        array([1, 0, 2])
    """
    rarest = np.full(n, len(counts) - 1, np.int64)
    # From the commonest to the rarest, of equals the last first: what is written last stays.
    order = np.lexsort((-labels, -counts[labels]))
    rarest[rows[order]] = labels[order]
    return rarest


def draw_shots(labels: NDArray[np.int64], ids: Sequence[str], *, shots: int, draw: int, seed: int) -> NDArray[np.int64]:
    """So many pictures of each class: those with the smallest SHA-256 of seed, draw and image id.

    No order and no machine matters, and the pictures of a draw with few shots are among those of the same draw with
    more. A picture that is listed twice in a class counts once there.

    Args:
        labels: int64, shape (n,).
        ids: The id of each picture.
        shots: Pictures of each class; a class with fewer gives all that it has.
        draw: Which of several draws.
        seed: Of all draws.

    Returns:
        Positions among `ids`, ascending.
    """
    found: dict[int, dict[str, int]] = {}
    for position, (label, id_) in enumerate(zip(labels.tolist(), ids, strict=True)):
        found.setdefault(label, {}).setdefault(id_, position)

    def digest(id_: str) -> bytes:
        return sha256(f"{seed}/{draw}/{id_}".encode("utf-8", "surrogateescape")).digest()

    return np.sort(np.array([of[id_] for of in found.values() for id_ in sorted(of, key=digest)[:shots]], np.int64))


def grouped_folds(labels: Labels, groups: Sequence[str], *, folds: int) -> NDArray[np.int64]:
    """Put groups into folds so that each fold has about the same share of every class, or century, as groups allow.

    Greedy: groups go one by one, those that hold the largest share of any class first (of equals in the order of
    the SHA-256 of their names), each into the fold where the classes that it holds are least present. That adds
    least to the sum of squares of the folds' shares. No seed, order or machine matters.

    Args:
        labels: As `Split.labels`.
        groups: The group of each picture.
        folds: Number of folds.

    Returns:
        int64, shape (n,): the fold of each picture, from 0. A class of fewer groups than folds is not in all of them.

    Examples:
        >>> import numpy as np
        >>> from artbench.data.authoring import grouped_folds
        >>> painters = ["Mia", "Mia", "Ben", "Ben", "Ann", "Ann"]
        >>> grouped_folds(np.array([0, 1, 0, 1, 0, 1]), painters, folds=3)
        array([2, 2, 0, 0, 1, 1])
    """
    if labels.dtype == np.float64:
        labels = np.unique(labels // 100, return_inverse=True)[1]
    names, member = np.unique(np.asarray(groups, object).astype(str), return_inverse=True)
    shares = _shares(labels, member, len(names))
    digests = [sha256(name.encode("utf-8", "surrogateescape")).hexdigest() for name in names.tolist()]
    order = sorted(range(len(names)), key=lambda group: (-shares[group].max(), digests[group]))
    held = np.zeros((folds, shares.shape[1]))
    fold_of = np.empty(len(names), np.int64)
    for group in order:
        fold = int((held @ shares[group]).argmin())
        fold_of[group] = fold
        held[fold] += shares[group]
    return fold_of[member]


def _shares(labels: Labels, member: NDArray[np.intp], groups: int) -> NDArray[np.float64]:
    """The share of every class, and of all pictures, that each group holds: float64, shape (groups, classes + 1)."""
    picture, label = np.nonzero(labels) if labels.ndim == 2 else (np.arange(len(labels)), labels.astype(np.int64))
    classes = labels.shape[1] if labels.ndim == 2 else int(labels.max(initial=-1)) + 1
    counts = np.zeros((groups, classes + 1))
    np.add.at(counts, (member[picture], label), 1)
    counts[:, -1] = np.bincount(member, minlength=groups)
    totals = counts.sum(axis=0)
    shares: NDArray[np.float64] = counts / np.maximum(totals, 1)
    return shares
