"""Time and memory of the neighbours of every picture, beside scikit-learn's `NearestNeighbors` in the same run.

Both search exactly, by brute force, for the same pictures among the same features; each has a process of its own, for
its memory. A picture costs the same wherever it lies, so a few thousand are searched and the rest is told from them.
With a number of pictures for a memory map, one block is searched among so many, which are read from a file.

Run: python -m tests.performance.neighbours [IMAGES [DIMENSIONS [MAPPED]]]
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.catalogue.nearest import Directions, blocks_of, search
from tests.performance.probe_common import say, say_machine

_COUNT = 10
_SEARCHED = 4096
# Rows that are made at once.
_MADE = 1 << 14


def main(images: str = "50000", dimensions: str = "512", mapped: str = "0", which: str = "") -> None:
    """Each in a process of its own."""
    if which:
        _measure(int(images), int(dimensions), int(mapped), which)
        return
    say_machine()
    seconds = {}
    for each in ("artbench", "scikit-learn"):
        command = [sys.executable, "-m", "tests.performance.neighbours", images, dimensions, "0", each]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        said, seconds[each] = done.stdout.strip().rsplit(" ", 1)
        say(said)
    say(f"{float(seconds['scikit-learn']) / float(seconds['artbench']):.2f} times as fast as scikit-learn")
    if int(mapped):
        command = [sys.executable, "-m", "tests.performance.neighbours", images, dimensions, mapped, "mapped"]
        subprocess.run(command, check=True)


def _measure(images: int, dimensions: int, mapped: int, which: str) -> None:
    if which == "mapped":
        _measure_mapped(mapped, dimensions)
        return
    features = np.empty((images, dimensions), np.float32)
    for number, block in enumerate(_made(images, dimensions)):
        features[number * _MADE : number * _MADE + len(block)] = block
    before, start = _memory("VmRSS"), time.perf_counter()
    if which == "artbench":
        directions = Directions(features, np.arange(images), device="cpu")
        blocks = blocks_of(directions)[: _SEARCHED // 1024]
        start = time.perf_counter()
        for _ in search(directions, blocks, count=_COUNT):
            pass
    else:
        from sklearn.neighbors import NearestNeighbors

        found = NearestNeighbors(n_neighbors=_COUNT + 1, algorithm="brute", metric="cosine").fit(features)
        start = time.perf_counter()
        found.kneighbors(features[:_SEARCHED])
    took = time.perf_counter() - start
    say(
        f"{which}: {_SEARCHED:,} of {images:,} pictures of {dimensions:,} numbers in {took:.1f} s, "
        f"{_memory('VmHWM') - before:,.0f} MB beside the features {took}"
    )


def _measure_mapped(images: int, dimensions: int) -> None:
    with tempfile.TemporaryDirectory(prefix="artbench-") as folder:
        file = Path(folder) / "features.f32"
        with file.open("wb") as out:
            for block in _made(images, dimensions):
                out.write(block.tobytes())
        features = np.memmap(file, "<f4", "r", shape=(images, dimensions))
        before = _memory("RssAnon")
        start = time.perf_counter()
        directions = Directions(features, np.arange(images), device="cpu")
        read = time.perf_counter() - start
        blocks = blocks_of(directions)
        start = time.perf_counter()
        for _ in search(directions, blocks[:1], count=_COUNT):
            pass
        took = time.perf_counter() - start
        hours = took * len(blocks) / 3600
        say(
            f"{images:,} pictures of {dimensions:,} numbers in a file: lengths and checksum {read:.0f} s, one block of "
            f"{blocks[0][1]:,} in {took:.1f} s, {_memory('RssAnon') - before:,.0f} MB beside the file's pages; all "
            f"{len(blocks):,} blocks would take {hours:.1f} hours, and as many again with the correction"
        )


def _made(images: int, dimensions: int) -> Iterator[NDArray[np.float32]]:
    """Yield features like those of a network: none negative, and half of them 0."""
    random = np.random.default_rng(0)
    for start in range(0, images, _MADE):
        yield np.maximum(random.standard_normal((min(_MADE, images - start), dimensions), np.float32), 0)


def _memory(what: str) -> float:
    """In MB; `RssAnon` is what is no file's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1e3


if __name__ == "__main__":
    main(*sys.argv[1:])
