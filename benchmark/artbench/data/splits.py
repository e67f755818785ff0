"""Splits by digests of image ids, the same on every machine: held-out shares, few-shot draws, grouped folds."""

import math
from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from artbench.data.targets import Labels


def held_out(labels: Labels, ids: Sequence[str], *, fraction: float) -> NDArray[np.int64]:
    """Pick a stratified share of some images by SHA-256 of their ids, independent of seed, order and machine.

    Strata are classes, centuries, or in multi-label data an image's rarest label (images without labels are a stratum
    of their own). Of n images in a stratum, the round(n * fraction) with the smallest digests are taken, halves
    rounded up, but never all. If that takes none at all, one image of each stratum of at least two is taken.

    An image that is listed more than once counts once, in the stratum of its rarest label, and all its rows are held
    out or none.

    Args:
        labels: As `Split.labels`.
        ids: Id of each image.
        fraction: Share to hold out, in [0, 1].

    Returns:
        Positions among `ids`, int64, ascending; empty if every stratum has one image.

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
    """Return the ids that `held_out` takes.

    Args:
        strata: Stratum of each id.
        fraction: Share to take of each stratum, in [0, 1].

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


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _classes(labels: Labels) -> Labels:
    """Return the labels, with centuries as the classes of years."""
    return np.unique(labels // 100, return_inverse=True)[1] if labels.dtype == np.float64 else labels


def _strata(labels: Labels, ids: Sequence[str]) -> dict[str, int]:
    labels = _classes(labels)
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
    """Return the rarest label of each image, the first on a tie; one past the last label if it has none.

    Args:
        rows: Image of each pair of image and label, int64, shape (pairs,).
        labels: Label of each pair, int64, shape (pairs,).
        counts: Number of images with each label, and one more entry for "no label".
        n: Number of images.

    Examples:
        >>> import numpy as np
        >>> from artbench.data.authoring import rarest_labels
        >>> pairs = np.array([[0, 0], [0, 1], [1, 0]])  # image 0 has labels 0 and 1, image 1 has label 0
        >>> rarest_labels(pairs[:, 0], pairs[:, 1], counts=np.array([2, 1, 0]), n=3)
        array([1, 0, 2])
    """
    rarest = np.full(n, len(counts) - 1, np.int64)
    # From the commonest to the rarest, on a tie the last first: what is written last stays.
    order = np.lexsort((-labels, -counts[labels]))
    rarest[rows[order]] = labels[order]
    return rarest


def draw_shots(labels: NDArray[np.int64], ids: Sequence[str], *, shots: int, draw: int, seed: int) -> NDArray[np.int64]:
    """Draw a number of images of each class: those with the smallest SHA-256 of seed, draw and image id.

    The images of a draw with few shots are among those of the same draw with more. An image that is listed twice in a
    class counts once there.

    Args:
        labels: int64, shape (n,).
        ids: Id of each image.
        shots: Images of each class; all of a class that has fewer.
        draw: Number of the draw.
        seed: Seed of all draws.

    Returns:
        Positions among `ids`, int64, ascending.
    """
    found: dict[int, dict[str, int]] = {}
    for position, (label, id_) in enumerate(zip(labels.tolist(), ids, strict=True)):
        found.setdefault(label, {}).setdefault(id_, position)
    drawn = [sorted(of, key=lambda id_: _digest(f"{seed}/{draw}/{id_}"))[:shots] for of in found.values()]
    return np.sort(np.array([of[id_] for of, ids in zip(found.values(), drawn, strict=True) for id_ in ids], np.int64))


def grouped_folds(labels: Labels, groups: Sequence[str], *, folds: int) -> NDArray[np.int64]:
    """Put groups into folds so that each fold has about the same share of every class, or century, as groups allow.

    Greedy: groups are taken by their largest share of any class, in descending order (on a tie by the SHA-256 of their
    names), each into the fold where its classes are least present, which adds least to the sum of the squared shares.

    Args:
        labels: As `Split.labels`.
        groups: Group of each image.
        folds: Number of folds.

    Returns:
        Fold of each image from 0, int64, shape (n,). A class of fewer groups than folds is not in all of them.

    Examples:
        >>> import numpy as np
        >>> from artbench.data.authoring import grouped_folds
        >>> painters = ["Mia", "Mia", "Ben", "Ben", "Ann", "Ann"]
        >>> grouped_folds(np.array([0, 1, 0, 1, 0, 1]), painters, folds=3)
        array([2, 2, 0, 0, 1, 1])
    """
    names, member = np.unique(np.asarray(groups, object).astype(str), return_inverse=True)
    shares = _shares(_classes(labels), member, len(names))
    order = sorted(range(len(names)), key=lambda group: (-shares[group].max(), _digest(str(names[group]))))
    held = np.zeros((folds, shares.shape[1]))
    fold_of = np.empty(len(names), np.int64)
    for group in order:
        fold_of[group] = (held @ shares[group]).argmin()
        held[fold_of[group]] += shares[group]
    return fold_of[member]


def _shares(labels: Labels, member: NDArray[np.intp], groups: int) -> NDArray[np.float64]:
    """Return the share of every class, and of all images, that each group holds, shape (groups, classes + 1)."""
    image, label = np.nonzero(labels) if labels.ndim == 2 else (np.arange(len(labels)), labels.astype(np.int64))
    classes = labels.shape[1] if labels.ndim == 2 else int(labels.max(initial=-1)) + 1
    counts = np.zeros((groups, classes + 1))
    np.add.at(counts, (member[image], label), 1)
    counts[:, -1] = np.bincount(member, minlength=groups)
    return np.asarray(counts / np.maximum(counts.sum(axis=0), 1))
