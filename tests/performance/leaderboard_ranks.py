"""How long the ranks of a large leaderboard take: 25,000 test images, 100 rows, every pair tested on 1,000 resamples.

From the files on disk to the ranking, against a plain loop over pairs and resamples, which is measured on a few pairs
and scaled to all. Run: python -m tests.performance.leaderboard_ranks [ROWS [IMAGES]]
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.leaderboard.board import boards
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record
from tests.performance.probe_common import peak_gigabytes, say
from tests.support.results import guessed, put

_CLASSES = 27
_RESAMPLES = 1_000
_PAIRS = 3


def plain(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Share of resamples on the other side of zero, one resample after the other, as one would write it down."""
    random = np.random.default_rng(0)
    below = 0
    for _ in range(_RESAMPLES):
        drawn = random.integers(0, len(first), len(first))
        below += bool(first[drawn].mean() <= second[drawn].mean())
    return below / _RESAMPLES


def ranked(records: list[Record], folder: ResultsFolder, what: str) -> float:
    """Seconds from the files to the ranking."""
    # From here on the peak counts anew: making the records is not what is measured.
    Path("/proc/self/clear_refs").write_text("5")
    before = peak_gigabytes()
    begun, busy = time.perf_counter(), time.process_time()
    (board,) = boards(records, folder.predictions_of)
    ranking = board.ranking
    seconds, busy = time.perf_counter() - begun, time.process_time() - busy
    apart = sum(pair.distinguishable for pair in ranking.pairs)
    say(
        f"{what}: {seconds:.1f} s ({busy:.1f} s of cores); "
        f"{len(ranking.pairs):,} pairs, {apart:,} of them distinguishable; "
        f"memory {before:.2f} GB before, at most {peak_gigabytes():.2f} GB"
    )
    assert not ranking.untested
    return seconds


def main() -> None:
    """Accuracy against the loop, then mean class accuracy and painters."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    images = int(sys.argv[2]) if len(sys.argv) > 2 else 25_000
    labels = np.random.default_rng(0).integers(0, _CLASSES, images)
    painters = np.random.default_rng(1).integers(0, 1_119, images)
    say(f"{images:,} test images, {rows} rows, {_RESAMPLES:,} resamples")
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["ARTBENCH_CACHE"] = f"{temporary}/cache"

        def write(name: str, **changes: object) -> tuple[list[Record], ResultsFolder]:
            folder = ResultsFolder(Path(temporary) / name)
            random = np.random.default_rng(2)
            rates = random.uniform(0.5, 0.6, rows)
            outputs = (guessed(labels, rate=rate, classes=_CLASSES, seed=row) for row, rate in enumerate(rates))
            return [
                put(folder, f"encoder-{row}", labels, output, **changes)  # type: ignore[arg-type]
                for row, output in enumerate(outputs)
            ], folder

        seconds = ranked(*write("images"), "accuracy")
        right = [
            guessed(labels, rate=0.5 + 0.03 * k, classes=_CLASSES, seed=k).argmax(axis=1) == labels for k in range(4)
        ]
        begun = time.perf_counter()
        for pair in range(_PAIRS):
            plain(right[pair], right[pair + 1])
        loop = (time.perf_counter() - begun) / _PAIRS
        pairs = rows * (rows - 1) // 2
        say(
            f"a plain loop takes {loop:.2f} s a pair ({_PAIRS} measured): {loop * pairs / 60:.0f} minutes for "
            f"{pairs:,}, {loop * pairs / seconds:,.0f} times as long"
        )
        ranked(*write("classes", metric="mean_class_accuracy"), "mean class accuracy")
        ranked(*write("painters", clusters=painters), "accuracy, 1,119 painters")


if __name__ == "__main__":
    main()
