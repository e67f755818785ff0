"""The robustness index: time against PathoROB's steps by scikit-learn, and how it depends on the number of neighbours.

`python -m tests.performance.museum_bias` counts the neighbours of 4,350 pictures with 2,048 features, 50 of each of 29
classes from each of three museums, and so does a search by scikit-learn for each two classes and museums; both must
count the same. Seconds are those of the processor, which other work on the machine lengthens less.
`python -m tests.performance.museum_bias curve` gives the index of `sample-museum-bias` at each number of neighbours, as
PathoROB's steps have it, for a few encoders. The last is the number that the protocol takes.
"""

import sys
from time import process_time

import numpy as np
from numpy.typing import NDArray

import artbench
from artbench.data.folders import DatasetPaths
from artbench.data.opening import open_datasets_with_tasks
from artbench.plugins.loading import load_plugins
from artbench.probe.neighbourhoods import neighbourhoods
from artbench.runtime.progress import Silent
from tests.performance.features_common import say
from tests.support.neighbours import paired_pathorob, planted

SHAPE, WIDTH = (29, 3, 50), 2_048
TASK = "sample-museum-bias"
ENCODERS = (
    ("tf_efficientnet_lite0", "imagenet"),
    ("tf_efficientnet_lite0", "random"),
    ("colour-histogram", "none"),
    ("resnet18", "random"),
)


def compare() -> None:
    """Tell the seconds of both."""
    random = np.random.default_rng(0)
    narrow, labels, places = planted(random, of_class=1, of_origin=1, shape=SHAPE)
    vectors = (narrow @ random.normal(size=(narrow.shape[1], WIDTH))).astype(np.float32)
    start = process_time()
    ours = neighbourhoods(vectors, labels, places).counts.sum(axis=0)
    middle = process_time()
    theirs = paired_pathorob(vectors, labels, places, k=SHAPE[2])[:, -1]
    end = process_time()
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    say(f"{len(labels):,} pictures: {middle - start:.1f} s, scikit-learn {end - middle:.1f} s of the processor: "
        f"{(middle - start) / (end - middle):.2f} of it")  # fmt: skip


def curves() -> None:
    """Tell the index of each encoder at each number of neighbours."""
    (opened,) = open_datasets_with_tasks(["sample"], registry=load_plugins(), paths=DatasetPaths(), reporter=Silent())
    targets = opened.targets[TASK]
    assert targets.origins is not None
    rows, labels = targets.test.rows.tolist(), targets.test.labels.astype(np.int64)
    places = np.unique([targets.origins[row] for row in rows], return_inverse=True)[1].astype(np.int64)
    k = int(np.bincount(2 * labels + places).min())
    for backbone, pretraining in ENCODERS:
        ids, matrix = artbench.features(backbone=backbone, pretraining=pretraining, task=TASK, device="cpu")
        place = {id_: number for number, id_ in enumerate(ids)}
        vectors = np.asarray(matrix[[place[opened.dataset.ids[row]] for row in rows]])
        shown = " ".join(
            f"{number}:{100 * value:.1f}" for number, value in enumerate(curve(vectors, labels, places, k), 1)
        )
        say(f"{backbone} {pretraining}: {shown}")


def curve(
    vectors: NDArray[np.float32], labels: NDArray[np.int64], places: NDArray[np.int64], k: int
) -> NDArray[np.float64]:
    """The robustness index at 1 to k neighbours, shape (k,)."""
    counts = paired_pathorob(vectors, labels, places, k=k)
    return np.asarray(counts[1] / (counts[1] + counts[2]))


if __name__ == "__main__":
    curves() if sys.argv[1:] == ["curve"] else compare()
