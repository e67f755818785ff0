"""A small encoder and small images, quick enough to extract hundreds of times; also run as a program.

`python -m tests.support.extraction FOLDER` extracts the images of FOLDER/images into FOLDER/cache, also
under `torchrun`.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from artbench.data.dataset import Dataset
from artbench.data.decode import decode_path
from artbench.encoders.encoder import Encoder
from artbench.features.extract import Features, extract
from artbench.protocol import Preprocessing
from artbench.runtime.distributed import process_group
from artbench.runtime.machine import choose_dtype
from artbench.runtime.progress import Reporter
from tests.support.encoders import encoder_of
from tests.support.reporters import RecordingReporter

PREPROCESSING = Preprocessing(size=32)
DIM = 24
# The images of a collection, and those of them that can be read.
COUNT = 90
GOOD = np.array([row for row in range(COUNT) if row not in (7, 11)])
# Of bfloat16, which extraction uses where the processor has it, to what float32 gives, in parts of the largest value.
FAR = 0.02 if choose_dtype("cpu") == torch.bfloat16 else 0.0


def paint(folder: Path, count: int) -> Dataset:
    """Paint `count` images, of which number 7 is broken and number 11 not there."""
    (folder / "images").mkdir(parents=True)
    random = np.random.default_rng(0)
    for number in range(count):
        side = int(random.integers(30, 60))
        pixels = random.integers(0, 256, (side, 48, 3)).astype(np.uint8)
        if number != 11:
            Image.fromarray(pixels).save(folder / "images" / f"{number:05}.jpg")
    if count > 7:
        (folder / "images" / "00007.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    return dataset(folder, count)


def dataset(folder: Path, count: int) -> Dataset:
    names = [f"{number:05}.jpg" for number in range(count)]
    return Dataset(name="tiny", root=folder / "images", ids=names, files=names, versions=["1"] * count)


def encoder(**changes: Any) -> Encoder:
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3, stride=2),
        torch.nn.BatchNorm2d(16),
        torch.nn.ReLU(),
        torch.nn.Conv2d(16, DIM, 3, stride=2),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(DIM, DIM),
    )
    return replace(encoder_of(module, DIM), **changes)


def features(
    of: Dataset,
    cache: Path,
    *,
    rows: Any = None,
    by: Encoder | None = None,
    picture: Preprocessing = PREPROCESSING,
    reporter: Reporter | None = None,
    **options: Any,
) -> Features:
    (features,) = extract(
        [by or encoder()],
        of,
        np.arange(len(of)) if rows is None else np.asarray(rows),
        picture=picture,
        cache=cache,
        device="cpu",
        reporter=reporter or RecordingReporter(),
        **options,
    )
    return features


def extract_all(folder: Path, reporter: Reporter | None = None) -> int:
    """Extract what is not there yet; returns how many images that were."""
    count = int((folder / "count").read_text())
    return features(dataset(folder, count), folder / "cache", workers=2, reporter=reporter).timing.extracted


def stored_bytes(cache: Path) -> dict[str, bytes]:
    """The files that must be the same however the features came about."""
    return {file.name: file.read_bytes() for file in cache.rglob("*") if file.name in {"features.f32", "rows.idx"}}


# A forked child needs not do it again.
decode_path()

if __name__ == "__main__":
    with process_group() as group:
        listener = RecordingReporter()
        done = extract_all(Path(sys.argv[1]), listener)
        if group.first:
            sys.stdout.write("\n".join([str(done), *listener.works]))
