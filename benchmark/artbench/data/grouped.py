"""Splits that keep all pictures of a group, such as a painter, on one side."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from artbench.data.targets import Labels


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
