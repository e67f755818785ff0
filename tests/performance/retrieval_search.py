"""Exact search of an index: time and memory, and the ratio to other exact searches on a smaller size.

`python -m tests.performance.retrieval_search` compares on 20,000 x 512 with 1,000 queries, in turn, the best of three:
with scikit-learn's brute force, which ranks all of the index as well; and with the first 1,000 pictures alone of torch
and, where it is installed, of FAISS.
`python -m tests.performance.retrieval_search 400000 2048 20000` searches one of that size alone, from float32 vectors
in a file that is read in blocks, as features are kept, and tells the memory of the process. Another process draws them.

All seconds are told twice: as they passed, and of the processor, which other work on the machine lengthens less.
"""

import importlib.util
import multiprocessing
import resource
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from sklearn.neighbors import NearestNeighbors

from artbench.data.rankings import Rankings
from artbench.probe.features import Rows
from artbench.probe.search import search
from artbench.probe.similarities import Pictures
from artbench.protocol import Search
from tests.performance.features_common import say

ROUNDS = 3
# Vectors that are drawn and written at a time.
STEP = 10_000
# Pictures of one thing.
EACH = 2
# Pictures that a search of the nearest alone returns.
FIRST = 1_000


def drawn(folder: Path, count: int, width: int, *, seed: int) -> NDArray[np.float32]:
    """Vectors in a file, those of one thing near to each other, drawn by a process whose memory is not measured."""
    file = folder / f"{seed}.npy"
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
        other.submit(draw, file, count, width, seed).result()
    return np.load(file, mmap_mode="r")  # type: ignore[no-any-return]


def draw(file: Path, count: int, width: int, seed: int) -> None:
    """Draw vectors into a file, some at a time."""
    made = np.lib.format.open_memmap(file, "w+", np.float32, (count, width))
    for start in range(0, count, STEP):
        stop = min(count, start + STEP)
        centres = np.random.default_rng(start).normal(size=(STEP // EACH, width))
        noise = np.random.default_rng([seed, start]).normal(size=(stop - start, width))
        made[start:stop] = np.repeat(centres, EACH, axis=0)[: stop - start] + 6 * noise
    made.flush()


def pictures(vectors: NDArray[np.float32], *, first: int) -> Pictures:
    count = len(vectors)
    return Pictures(vectors=Rows(vectors), labels=np.arange(count) // EACH, rows=first + np.arange(count))


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


def first_of_torch(index: Pictures, queries: Pictures) -> object:
    """The first pictures of each query, by a product of matrices and torch's topk."""
    every, given = (
        torch.nn.functional.normalize(torch.tensor(np.asarray(part.vectors.features))) for part in (index, queries)
    )
    return [(given[start : start + 250] @ every.T).topk(FIRST) for start in range(0, len(given), 250)]


def first_of_faiss(index: Pictures, queries: Pictures) -> object:
    """The first pictures of each query, by FAISS's exact index of inner products."""
    import faiss

    every, given = (np.array(part.vectors.features) for part in (index, queries))
    faiss.normalize_L2(every)
    faiss.normalize_L2(given)
    flat = faiss.IndexFlatIP(every.shape[1])
    flat.add(every)
    return flat.search(given, FIRST)


def product(width: int) -> float:
    """GFLOP per second of the processor of torch's product of queries and a piece of an index, the best of 20."""
    one, other = torch.rand(512, width), torch.rand(2048, width)
    seconds = min(timed(lambda: one @ other.T).processor for _ in range(20))
    return 2 * 512 * 2048 * width / seconds / 1e9


class Time(NamedTuple):
    """Seconds."""

    passed: float
    processor: float


def timed(part: Callable[[], object]) -> Time:
    start, used = perf_counter(), process_time()
    part()
    return Time(perf_counter() - start, process_time() - used)


def main(count: int, width: int, asked: int, *, compare: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        index = pictures(drawn(Path(folder), count, width, seed=0), first=0)
        queries = pictures(drawn(Path(folder), asked, width, seed=1), first=count)
        say(f"{count:,} x {width:,}, {asked:,} queries, {torch.get_num_threads()} threads")
        if not compare:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            took = timed(lambda: say(f"mAP {np.nanmean(ours(index, queries).average_precision):.4f}"))
            peak, mapped = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 4 * count * width / 2**30
            done = 2 * count * width * asked / took.processor / 1e9
            say(f"{took.passed:.0f} s passed, {took.processor:.0f} s of the processor")
            say(f"{done:.0f} GFLOP per second of the processor, of a plain product {done / product(width):.2f}")
            say(f"memory peaked at {peak:.2f} GiB, {before:.2f} of it before the search; the index has {mapped:.2f}")
            return
        np.testing.assert_allclose(ours(index, queries).average_precision, brute(index, queries), atol=1e-5)
        others: dict[str, Callable[[Pictures, Pictures], object]] = {"scikit-learn": brute, "torch": first_of_torch}
        if importlib.util.find_spec("faiss") is not None:
            others["FAISS"] = first_of_faiss
        for name, other in others.items():
            turns = [tuple(timed(partial(one, index, queries)) for one in (ours, other)) for _ in range(ROUNDS)]
            mine, theirs = (min(column, key=lambda time: time.processor) for column in zip(*turns, strict=True))
            say(
                f"{mine.passed:.2f} s, {name} {theirs.passed:.2f} s; of the processor {mine.processor:.2f} s and "
                f"{theirs.processor:.2f} s: {mine.processor / theirs.processor:.2f} of it"
            )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        main(*map(int, sys.argv[1:]), compare=False)
    else:
        main(20_000, 512, 1_000, compare=True)
