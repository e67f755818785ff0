"""Exact search of an index: time and memory, and the ratio to scikit-learn's brute force on a smaller size.

`python -m tests.performance.retrieval_search` compares on 20,000 x 512 with 1,000 queries, in turn, the best of three.
`python -m tests.performance.retrieval_search 400000 2048 20000` searches one of that size alone, from float16 vectors
in a file that is read in blocks, as features are kept, and tells the memory of the process.
"""

import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from sklearn.neighbors import NearestNeighbors

from artbench.data.rankings import Rankings
from artbench.probe.features import Rows
from artbench.probe.search import Pictures, search
from artbench.protocol import Search
from tests.performance.features_common import say

ROUNDS = 3
# Vectors that are drawn and written at a time.
STEP = 10_000
# Pictures of one thing.
EACH = 2


def drawn(folder: Path, count: int, width: int, *, seed: int) -> NDArray[np.float16]:
    """Vectors in a file, those of one thing near to each other."""
    file = folder / f"{seed}.npy"
    made = np.lib.format.open_memmap(file, "w+", np.float16, (count, width))
    for start in range(0, count, STEP):
        stop = min(count, start + STEP)
        centres = np.random.default_rng(start).normal(size=(STEP // EACH, width))
        noise = np.random.default_rng([seed, start]).normal(size=(stop - start, width))
        made[start:stop] = np.repeat(centres, EACH, axis=0)[: stop - start] + 6 * noise
    made.flush()
    del made
    return np.load(file, mmap_mode="r")  # type: ignore[no-any-return]


def pictures(vectors: NDArray[np.float16], *, first: int) -> Pictures:
    count = len(vectors)
    return Pictures(vectors=Rows(vectors), labels=np.arange(count) // EACH, rows=first + np.arange(count))  # type: ignore[arg-type]


def ours(index: Pictures, queries: Pictures) -> Rankings:
    return search(index, queries, by=Search(), device="cpu")


def brute(index: Pictures, queries: Pictures) -> list[float]:
    """Average precision of each query by scikit-learn alone: all neighbours, sorted, and their scores."""
    vectors = [np.asarray(part.vectors.features, np.float32) for part in (index, queries)]
    found = NearestNeighbors(n_neighbors=len(vectors[0]), algorithm="brute", metric="cosine").fit(vectors[0])
    values = []
    for start in range(0, len(vectors[1]), 100):
        distances, order = found.kneighbors(vectors[1][start : start + 100])
        for at, (row, of) in enumerate(zip(distances, order, strict=True), start):
            values.append(float(average_precision_score(index.labels[of] == queries.labels[at], -row)))
    return values


def timed(part: Callable[[], object]) -> float:
    start = perf_counter()
    part()
    return perf_counter() - start


def main(count: int, width: int, asked: int, *, compare: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        index = pictures(drawn(Path(folder), count, width, seed=0), first=0)
        queries = pictures(drawn(Path(folder), asked, width, seed=1), first=count)
        say(f"{count:,} x {width:,}, {asked:,} queries")
        if not compare:
            seconds = timed(lambda: say(f"mAP {np.nanmean(ours(index, queries).average_precision):.4f}"))
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            say(f"{seconds:.0f} s, {2 * count * width * asked / seconds / 1e9:.0f} GFLOP/s, peak {memory:.2f} GiB")
            return
        np.testing.assert_allclose(ours(index, queries).average_precision, brute(index, queries), atol=1e-5)
        turns = [(timed(lambda: ours(index, queries)), timed(lambda: brute(index, queries))) for _ in range(ROUNDS)]
        best, other = (min(column) for column in zip(*turns, strict=True))
        say(f"{best:.2f} s, scikit-learn {other:.2f} s: {best / other:.2f} of it")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        main(*map(int, sys.argv[1:]), compare=False)
    else:
        main(20_000, 512, 1_000, compare=True)
