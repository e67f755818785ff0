"""Time and memory of the table of answers, from features in a file, for twice as many pictures each time.

Decoding and extracting, which take nearly all of the time, are measured by `features_throughput` and `features_memory`;
this is what comes after. Beside the names of the pictures, memory should not grow.

Run: python -m tests.performance.predict_table [PICTURES [DIMENSIONS]]
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from artbench.catalogue.answers import ClassAnswers
from artbench.catalogue.predict import write_answers
from artbench.catalogue.table_file import table_file
from artbench.data.dataset import Dataset
from artbench.features.extract import Features
from artbench.features.timing import Timing
from artbench.runtime.progress import Silent
from tests.performance.probe_common import say, say_machine

_CLASSES = 27


def main(pictures: str = "1000000", dimensions: str = "256", alone: str = "") -> None:
    """A quarter, half and all of the pictures, each in a process of its own."""
    if alone:
        _measure(int(pictures), int(dimensions))
        return
    say_machine()
    for count in (int(pictures) // 4, int(pictures) // 2, int(pictures)):
        subprocess.run(
            [sys.executable, "-m", "tests.performance.predict_table", str(count), dimensions, "alone"], check=True
        )


def _measure(pictures: int, dimensions: int) -> None:
    names = [f"folder {row // 1000}/picture {row:07}.jpg" for row in range(pictures)]
    dataset = Dataset(name="many", root=Path(), ids=names, files=names)
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory(prefix="artbench-") as folder:
        file = Path(folder) / "features.f32"
        with file.open("wb") as out:
            out.truncate(4 * pictures * dimensions)
        everything = np.arange(pictures)
        features = Features(
            matrix=np.memmap(file, "<f4", "r", shape=(pictures, dimensions)),
            wanted=everything,
            unreadable={7: "broken"},
            contents=np.zeros((pictures, 2), np.uint64),
            timing=Timing(),
            dtype="float32",
        )
        answers = ClassAnswers(
            weight=random.normal(size=(dimensions, _CLASSES)),
            bias=random.normal(size=_CLASSES),
            target="single-label",
            classes=[f"class {number}" for number in range(_CLASSES)],
        )
        before, start = _memory("RssAnon"), time.perf_counter()
        with table_file(Path(folder) / "labels.csv", {"image": False, "status": False, **answers.columns}) as table:
            write_answers(table, answers, dataset, features, reporter=Silent())
        took = time.perf_counter() - start
        size = (Path(folder) / "labels.csv").stat().st_size
        say(
            f"{pictures:,} pictures: {took:.0f} s, a table of {size / 1e6:,.0f} MB; memory that is no file's "
            f"{_memory('RssAnon'):,.0f} MB, {before:,.0f} MB before it began"
        )


def _memory(what: str) -> float:
    """In MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1e3


if __name__ == "__main__":
    main(*sys.argv[1:])
