"""Many labels, as in iMet: 20,000 images, 2,048 features, 1,103 labels, against scikit-learn's one-vs-rest.

artbench fits all labels; scikit-learn some of them, from the commonest to the rarest, one after the other as its
one-vs-rest does, and its time is scaled by the number of labels, since each is a fit of its own.

Run: python -m tests.performance.probe_labels [EVERY]

With EVERY, each EVERY-th label alone is there, from the commonest to the rarest: a shorter run of the same kind.
"""

import sys
import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.penalty import PenaltyPath
from artbench.protocol import DEFAULT_PROTOCOL
from tests.performance.probe_common import class_labels, class_means, fill, peak_gigabytes, say, say_machine, timed

_IMAGES, _WIDTH, _LABELS = 20_000, 2_048, 1_103
_PENALTIES = (1.0, 0.1, 0.01, 0.001)
_OF_THE_PEER = 6


def tagged() -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Features, and labels that they half tell; three per image, the commonest on a fifth of all, the rarest on ten."""
    features = np.empty((_IMAGES, _WIDTH), np.float32)
    fill(features, class_means(27, _WIDTH, seed=0), class_labels(_IMAGES, 27, seed=0), decay=0.7, seed=0)
    random = np.random.default_rng(3)
    directions = random.normal(size=(_WIDTH, _LABELS)).astype(np.float32)
    told = ((features - features.mean(axis=0)) / features.std(axis=0)) @ directions
    told = told / told.std(axis=0) + random.normal(size=told.shape).astype(np.float32)
    counts = np.maximum(10, 0.2 * _IMAGES / np.arange(1, _LABELS + 1) ** 0.75).astype(int)
    labels = np.zeros(told.shape, np.bool_)
    for label, count in enumerate(counts.tolist()):
        labels[np.argpartition(-told[:, label], count)[:count], label] = True
    return features, labels


def ours(features: NDArray[np.float32], labels: NDArray[np.bool_]) -> tuple[list[NDArray[np.float64]], float]:
    """The weights for each penalty, and the seconds for all."""
    part = LabelledFeatures(rows=Rows(features), labels=labels, ids=[str(k) for k in range(len(labels))])

    def path() -> tuple[list[NDArray[np.float64]], PenaltyPath]:
        fits = PenaltyPath(
            [part],
            classes=labels.shape[1],
            target="multi-label",
            tolerance=DEFAULT_PROTOCOL.probe.tolerance,
            device="cpu",
        )
        return [fits.at(l2)[0] for l2 in _PENALTIES], fits

    (weights, fits), seconds = timed(path)
    say(
        f"artbench, {labels.shape[1]:5,} labels, {len(_PENALTIES)} penalties: {seconds:6.1f} s, "
        f"{fits.evaluations} passes, converged {fits.converged}"
    )
    return weights, seconds


def main(every_of_all: str = "1") -> None:
    """Scaling first, then the peer."""
    say_machine()
    features, labels = tagged()
    labels = labels[:, :: int(every_of_all)]
    count = labels.shape[1]
    say(f"{_IMAGES:,} images, {_WIDTH:,} features, {labels.sum(axis=1).mean():.1f} labels per image")
    for every in (16, 4):
        ours(features, labels[:, ::every])
    weights, here = ours(features, labels)
    say(f"peak memory {peak_gigabytes():.2f} GB")
    picked = np.linspace(0, count - 1, _OF_THE_PEER).astype(int)
    deviation = features.std(axis=0, dtype=np.float64)
    scores = (features - features.mean(axis=0, dtype=np.float64)) / deviation
    total = 0.0
    for l2, weight in zip(_PENALTIES, weights, strict=True):
        peer = OneVsRestClassifier(LogisticRegression(C=1 / (_IMAGES * l2), tol=1e-4, max_iter=100_000))
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            _, seconds = timed(lambda peer=peer: peer.fit(scores, labels[:, picked].astype(int)))  # type: ignore[misc]
        total += seconds
        theirs = np.stack([one.coef_[0] for one in peer.estimators_], axis=1)
        apart = np.linalg.norm(weight[:, picked] * deviation[:, None] - theirs) / np.linalg.norm(theirs)
        say(f"scikit-learn, {_OF_THE_PEER} labels, l2 {l2:g}: {seconds:.1f} s, weights differ by {apart:.1e}")
    peer_seconds = total * count / _OF_THE_PEER
    say(
        f"artbench {here:.0f} s, scikit-learn {peer_seconds:.0f} s ({total:.0f} s for {_OF_THE_PEER} labels, scaled to "
        f"{count:,}): {peer_seconds / here:.0f} times as fast"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
