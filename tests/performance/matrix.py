"""A matrix on this machine: two workers of one core each against one, and one against `artbench run`, in one run.

python -m tests.performance.matrix [IMAGES] [NETWORK ...]

And the seconds and memory of a plan of 10,000 units. It needs two cores, and a machine with nothing else to do.
"""

import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

from artbench.matrix.options import matrix_options
from artbench.matrix.plan import Plan, make_plan, read_plan
from artbench.matrix.state import MatrixState
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Silent
from tests.performance.features_common import jpeg, say

# Units enough that none which is long decides when two workers are done.
_NETWORKS = (
    "resnet18",
    "resnet14t",
    "resnet10t",
    "tf_efficientnet_lite0",
    "efficientnet_lite0",
    "ghostnet_050",
    "mobilenetv3_small_100",
    "mobilenetv3_small_075",
)
_CLASSES = "abcd"
_UNITS = 10_000


def main(images: str = "800", *networks: str) -> None:
    names = networks or _NETWORKS
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _paint(folder / "prints", int(images))
        words = [word for name in names for word in ("--backbone", name)]
        words += ["--pretraining", "random", "--task", f"collection:{folder / 'prints'}"]
        # One core for a worker, and for `artbench run`, which takes all that it may use.
        alone = _seconds(folder, "run", ["taskset", "-c", "0"], ["run", *words])
        one = _seconds(folder, "one", ["taskset", "-c", "0"], ["matrix", "run", *words, "--cores", "1"])
        two = _seconds(folder, "two", ["taskset", "-c", "0,1"], ["matrix", "run", *words, "--cores", "1"])
        say(f"{len(names)} networks, {images} images of 800 x 640 px, one core a worker:")
        say(f"artbench run {alone:.0f} s, one worker {one:.0f} s ({100 * (one / alone - 1):+.1f} %)")
        say(f"two workers {two:.0f} s: {one / two:.2f} times as fast as one")
    _plan()


def _paint(folder: Path, count: int) -> None:
    files = [jpeg(800, 640, seed=seed) for seed in range(12)]
    for number in range(count):
        file = folder / _CLASSES[number % len(_CLASSES)] / f"{number:05}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        # A comment of its own, since images that are the same file are counted once.
        file.write_bytes(files[number % len(files)] + f"{number}".encode())


def _seconds(folder: Path, name: str, before: list[str], words: list[str]) -> float:
    environment = os.environ | {"ARTBENCH_CACHE": str(folder / f"{name}-cache")}

    def call(*words: str) -> None:
        command = [*before, sys.executable, "-m", "artbench", *words]
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    # Timm is asked for its names once in an installation.
    call("list", "backbones", "resnet18")
    began = time.perf_counter()
    call(*words, "--results", str(folder / name))
    return time.perf_counter() - began


def _plan() -> None:
    """500 backbones on 20 collections."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for number in range(20):
            _paint(folder / f"prints{number}", 12)
        registry = load_plugins(only="")
        some = [name for _, name, _ in registry.backbones.search("*")][: _UNITS // 20]
        options = matrix_options(
            {
                "backbone": some,
                "pretraining": "random",
                "task": [f"collection:{folder / f'prints{number}'}" for number in range(20)],
                "results": str(folder / "results"),
            }
        )
        began = time.perf_counter()
        plan = make_plan(options, registry=registry, reporter=Silent())
        planned = time.perf_counter() - began
        plan.write(folder / "matrix")
        began = time.perf_counter()
        read = read_plan(folder / "matrix")
        MatrixState(folder / "matrix").states(read.units)
        looked = time.perf_counter() - began
        say(
            f"a plan of {len(plan.units):,} units: made in {planned:.1f} s, read with all states in {looked:.1f} s, "
            f"{_bytes_of(folder / 'matrix') / len(plan.units):,.0f} bytes of memory a unit"
        )


def _bytes_of(folder: Path) -> float:
    tracemalloc.start()
    kept: list[Plan] = [read_plan(folder)]
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert kept
    return size


if __name__ == "__main__":
    main(*sys.argv[1:])
