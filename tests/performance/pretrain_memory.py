"""Memory of a training: over its steps, and of one step with ever more sub-batches.

    python -m tests.performance.pretrain_memory [STEPS]

First a small network trains for STEPS steps (0: none) by MoCo v2 on the CPU, and the memory of the process is read.
Then resnet18 at 32 px makes steps with 2, 4 and 12 sub-batches of 8 images, in passes of one: as on a GPU, and as on
the CPU. The most bytes of tensors that a step makes are counted as they live; the views are there before. The aims are
no growth over the steps, and none over the sub-batches but for their images. Takes some minutes.
"""

import sys
import tempfile
from pathlib import Path

import timm
import torch

from artbench.encoders.backbone import Backbone
from artbench_moco.methods import moco_v2
from tests.performance.features_common import say
from tests.support import training as toys
from tests.support.live_memory import LiveBytes
from tests.support.memory import megabytes
from tests.support.method_bench import bench
from tests.support.reporters import RecordingReporter

SIDE, SUB_BATCH = 32, 8


def over_steps(steps: int) -> None:
    read: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        images = toys.paint(Path(folder) / "images")
        listener = RecordingReporter(each=lambda: read.append(megabytes()))
        work = toys.training(images, f"steps={steps}")
        toys.train(work, Path(folder) / "out", listener=listener, save_minutes=1)
    marks = [steps // 10, steps // 2, steps - 1]
    figures = ", ".join(f"{read[mark]:.1f} MB after step {mark + 1:,}" for mark in marks)
    say(f"{steps:,} steps: {figures}; {read[-1] - read[marks[0]]:+.1f} MB since a tenth of them")


def backbone() -> Backbone:
    module = timm.create_model("resnet18", num_classes=0)
    return Backbone(name="resnet18", module=module, feature_dim=512, mean=(0.5,) * 3, std=(0.25,) * 3)


def of_a_step(sub_batches: int, *, threads: int) -> float:
    """The most megabytes that the second step makes: the first makes what stays."""
    pairs = (f"batch_size={SUB_BATCH * sub_batches}", f"sub_batch={SUB_BATCH}", "queue=4096", f"crop_size={SIDE}")
    made = bench(
        moco_v2(), *pairs, images=50_000, on=backbone(), threads=threads, micro_batch=SUB_BATCH, dtype=torch.float32
    )
    views = [tuple(torch.randn(SUB_BATCH, 3, SIDE, SIDE) for _ in range(2)) for _ in range(sub_batches)]
    made.stepper.update(0, views, lr=0.1, progress=0.0)
    with LiveBytes() as counted:
        made.stepper.update(1, views, lr=0.1, progress=0.0)
    return float(counted.peak) / 1e6


def over_sub_batches() -> None:
    counts = (2, 4, 12)
    model = sum(parameter.nbytes for parameter in backbone().module.parameters()) / 1e6
    image = SUB_BATCH * 3 * SIDE * SIDE * 4 / 1e6
    say(f"resnet18, {model:.1f} MB of weights; a view of a sub-batch takes {image:.1f} MB")
    for name, threads in (("as on a GPU", 0), ("as on the CPU", 1)):
        peaks = [of_a_step(count, threads=threads) for count in counts]
        each = (peaks[-1] - peaks[0]) / (counts[-1] - counts[0])
        figures = ", ".join(f"{count} sub-batches {peak:.0f} MB" for count, peak in zip(counts, peaks, strict=True))
        say(f"{name}: {figures}; {each:+.2f} MB for each more")


def main(steps: str = "1000") -> None:
    if int(steps):
        over_steps(int(steps))
    over_sub_batches()


if __name__ == "__main__":
    main(*sys.argv[1:])
