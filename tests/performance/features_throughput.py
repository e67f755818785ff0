"""Images per second from file to feature, against the peer's way and against the machine's limit, in one run.

    python tests/performance/features_throughput.py [BACKBONE] [COUNT] [ROUNDS]

Prints, for 1,600 px JPEGs at 244 px: artbench and peer, their ratio, and the share of the limit
1 / (1 / forward + 1 / decode), where forward and decode are each measured alone with all cores. The rounds take
turns, since other work on the machine comes and goes.
"""

import sys
import tempfile
from contextlib import closing
from pathlib import Path
from statistics import median

import torch

from artbench.data.decode import decode
from artbench.features.forward import Forward
from artbench.runtime.machine import choose_feature_dtype, own_core_each
from artbench.runtime.threads import in_threads, usable_cores
from tests.performance.features_common import collection, encoder, fresh, ours, peer, say, seconds


def forward_alone(name: str, count: int) -> float:
    cores = usable_cores()
    by = encoder(name)
    dtype = choose_feature_dtype(by.module, device="cpu")
    forward = Forward(by, device="cpu", side=244, dtype=dtype, copies=cores)
    pixels = torch.randint(0, 256, (4, 244, 244, 3), dtype=torch.uint8).numpy()

    def all_of_them() -> None:
        with own_core_each("cpu"), closing(in_threads(forward, [pixels] * (count // 4), threads=cores)) as done:
            for _ in done:
                pass

    forward(pixels)
    return count // 4 * 4 / seconds(all_of_them)


def decode_alone(files: list[bytes]) -> float:
    def all_of_them() -> None:
        work = in_threads(lambda data: decode(data, short_side=279, crop=244), files, threads=usable_cores())
        with closing(work) as done:
            for _ in done:
                pass

    return len(files) / seconds(all_of_them)


def main(name: str = "resnet50", count: str = "512", rounds: str = "3") -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        of = collection(folder / "images", count=int(count), size=(1600, 1280))
        files = [of.read(row) for row in range(len(of))]
        say(f"{name}, {len(of)} JPEGs of 1600x1280 ({len(files[0]) / 1e3:.0f} kB each), {usable_cores()} cores")
        ratios, shares = [], []
        for number in range(int(rounds)):
            forward, decoding = forward_alone(name, len(of)), decode_alone(files)
            limit = 1 / (1 / forward + 1 / decoding)
            rate = ours(encoder(name), of, folder / f"cache{number}").timing.images_per_s or 0.0
            by = fresh(encoder(name))
            theirs = len(of) / seconds(lambda by=by: peer(by, folder / "images"))  # type: ignore[misc]
            ratios.append(rate / theirs)
            shares.append(rate / limit)
            say(
                f"artbench {rate:.2f} images/s, peer {theirs:.2f}, ratio {ratios[-1]:.2f}; "
                f"forward alone {forward:.2f}, decode alone {decoding:.1f}, limit {limit:.2f}, of it {shares[-1]:.0%}"
            )
        say(f"median: {median(ratios):.2f} times the peer, {median(shares):.0%} of the limit")


if __name__ == "__main__":
    main(*sys.argv[1:])
