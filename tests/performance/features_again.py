"""A second task on the same images: the time to get kept features, against extracting them, in one run.

python tests/performance/features_again.py [BACKBONE] [COUNT]
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.performance.features_common import collection, encoder, ours, say, seconds


def main(name: str = "resnet50", count: str = "1000") -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        of = collection(folder / "images", count=int(count), size=(1000, 800))
        first = seconds(lambda: ours(encoder(name), of, folder / "cache"))
        by = encoder(name)
        second = seconds(lambda: ours(by, of, folder / "cache").take(np.arange(len(of))))
        say(f"{name}, {len(of)} images: first {first:.1f} s, second {second:.2f} s, {second / first:.1%} of it")


if __name__ == "__main__":
    main(*sys.argv[1:])
