"""Peak memory of an extraction, and of one of ten times the images.

python tests/performance/features_memory.py [BACKBONE] [COUNT]
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.performance.features_common import collection, encoder, ours, say

TIMES = 10


def measured(name: str, folder: Path, count: int) -> float:
    """Peak memory in MB of a process that extracts `count` images."""
    command = [sys.executable, "-m", "tests.performance.features_memory", name, str(count), str(folder)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main(name: str = "tf_efficientnet_lite0", count: str = "300", folder: str = "") -> None:
    if folder:
        of = collection(Path(folder) / "images", count=int(count), size=(400, 320))
        ours(encoder(name), of, Path(folder) / "cache")
        ours(encoder(name), of, Path(folder) / "cache")
        say(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3))
        return
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        small, large = measured(name, Path(few), int(count)), measured(name, Path(many), TIMES * int(count))
    say(f"{name}: {count} images {small:.0f} MB, {TIMES} times as many {large:.0f} MB, {large - small:+.0f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
