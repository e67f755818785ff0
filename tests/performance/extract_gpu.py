"""Images per second from JPEGs to features on one GPU, against decoding alone and the forward pass alone.

    python -m tests.performance.extract_gpu [COUNT] [ROUNDS]

ResNet-50 at 244 px and ViT-B/16 at 224 px, from JPEGs of 1,600 and of 256 px. For each: decoding alone on all cores,
the forward pass alone on pixels that are on the device, the whole, and its share of the smaller of the two. The aim
is 90 %. Takes about 5 minutes with 4,096 images; skips with a reason where there is no GPU.
"""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
import torch

from artbench.data.contents import Contents
from artbench.data.dataset import Dataset
from artbench.features.conveyor import Conveyor
from artbench.features.extract import extract
from artbench.features.forward import Forward
from artbench.features.lane import Lane, lane_to
from artbench.features.pipeline import Extraction, batches
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.machine import choose_feature_dtype, hardware_name, without_tf32
from artbench.runtime.progress import Silent
from artbench.runtime.threads import usable_cores
from tests.performance.features_common import collection, encoder, say, seconds

AIM = 0.9


@dataclass(frozen=True, kw_only=True)
class Case:
    """A network, the side of its images, and the size of the JPEGs."""

    network: str
    side: int
    jpeg: tuple[int, int]


CASES = [
    Case(network=network, side=side, jpeg=jpeg)
    for network, side in (("resnet50", 244), ("vit_base_patch16_224", 224))
    for jpeg in ((1600, 1280), (256, 205))
]


class _Nowhere(Lane):
    """A device that takes pixels and computes nothing."""

    def upload(self, target: torch.Tensor, staging: torch.Tensor) -> None:
        pass


def decode_alone(extraction: Extraction, of: Dataset) -> float:
    """Images per second of the decoding threads, into the memory from which the device copies."""
    conveyor = Conveyor(
        lane=_Nowhere(torch.device("cpu")),
        decode=extraction.decode_into,
        compute=lambda batch, _: torch.zeros(len(batch.places), 1),
        batch=extraction.batch,
        side=extraction.crop,
        threads=extraction.threads,
    )
    table = batches(np.arange(len(of)), extraction.batch)
    return len(of) / seconds(lambda: [None for _ in conveyor.run(table)])


def forward_alone(extraction: Extraction, count: int) -> float:
    """Images per second of the forward pass, on pixels that are on the device."""
    forward = Forward(
        extraction.encoder, device=extraction.device, side=extraction.crop, dtype=extraction.dtype, copies=1
    )
    lane = lane_to(torch.device(extraction.device))
    pixels = lane.target(extraction.batch, extraction.crop, extraction.crop, 3)
    pixels.random_(256)
    rounds = max(1, count // extraction.batch)

    def all_of_them() -> None:
        results = [lane.compute(lambda: forward.on_device(pixels)) for _ in range(rounds)]
        results[-1]()

    with without_tf32():
        all_of_them()  # The first passes choose kernels.
        return rounds * extraction.batch / seconds(all_of_them)


def measure(case: Case, folder: Path, *, count: int, device: str, batch: int | None, rounds: int) -> list[float]:
    """Print and return the share of the smaller of the two limits, for each round."""
    of = collection(folder / "images", count=count, size=case.jpeg)
    by = encoder(case.network)
    by = replace(by, input_size=case.side if case.network.startswith("vit") else None)
    shares = []
    for number in range(rounds):
        cache = folder / f"cache{number}"
        (found,) = extract(
            [by],
            of,
            np.arange(len(of)),
            picture=DEFAULT_PROTOCOL.picture,
            cache=cache,
            device=device,
            batch_size=batch,
            reporter=Silent(),
        )
        extraction = Extraction(
            encoder=by,
            dataset=of,
            contents=Contents(of, folder / f"alone{number}"),
            short_side=DEFAULT_PROTOCOL.picture.short_side(by.input_size),
            crop=DEFAULT_PROTOCOL.picture.crop_side(by.input_size),
            device=device,
            dtype=choose_feature_dtype(by.module, device=device),
            batch=batch or 128,
            threads=usable_cores(),
        )
        whole = found.timing.images_per_s or 0.0
        decoding, forward = decode_alone(extraction, of), forward_alone(extraction, count)
        shares.append(whole / min(decoding, forward))
        say(
            f"{case.network} at {extraction.crop} px from {case.jpeg[0]} px, {found.dtype}: whole {whole:.0f} "
            f"images/s, decode alone {decoding:.0f}, forward alone {forward:.0f}; {shares[-1]:.0%} of the smaller, "
            f"waiting {found.timing.waiting or 0:.0%}"
        )
    return shares


def main(
    count: int = 4096,
    rounds: int = 3,
    *,
    device: str = "cuda",
    batch: int | None = None,
    cases: Sequence[Case] = tuple(CASES),
) -> None:
    """Measure all cases, or say why not."""
    if device == "cuda" and not torch.cuda.is_available():
        say("skipped: there is no CUDA device here")
        return
    say(f"{hardware_name(device)}, {usable_cores()} cores, {count} images, torch {torch.__version__}")
    for case in cases:
        with tempfile.TemporaryDirectory() as temporary:
            shares = measure(case, Path(temporary), count=count, device=device, batch=batch, rounds=rounds)
            say(f"  median {median(shares):.0%}; the aim is {AIM:.0%}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
