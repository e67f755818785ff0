"""Decoding large JPEGs, against a full Pillow decode and resize, on one core, in one run.

    python tests/performance/features_decode.py [WIDTH] [HEIGHT]

Prints the ratio of the times and the mean difference per pixel (of 255), median over the images.
"""

import io
import sys
from statistics import median

import numpy as np
from PIL import Image
from torchvision import transforms

from artbench.data.decode import decode
from tests.performance.features_common import jpeg, say, seconds

PEER = transforms.Compose(
    [transforms.Resize(279, interpolation=transforms.InterpolationMode.BICUBIC), transforms.CenterCrop(244)]
)


def peer(data: bytes) -> np.ndarray:
    return np.asarray(PEER(Image.open(io.BytesIO(data)).convert("RGB")))


def main(width: str = "3000", height: str = "2400") -> None:
    ratios, differences = [], []
    for seed in range(8):
        data = jpeg(int(width), int(height), seed=seed)
        ours_s, peer_s = (
            min(seconds(lambda way=way, data=data: way(data)) for _ in range(5))  # type: ignore[misc]
            for way in (lambda data: decode(data, short_side=279, crop=244), peer)
        )
        ratios.append(peer_s / ours_s)
        differences.append(float(np.abs(decode(data, short_side=279, crop=244).astype(int) - peer(data)).mean()))
        say(f"{len(data) / 1e6:.1f} MB: artbench {ours_s * 1e3:.1f} ms, Pillow {peer_s * 1e3:.1f} ms, {ratios[-1]:.2f}")
    say(f"{width}x{height}: {median(ratios):.2f} times as fast; mean difference {median(differences):.2f} of 255")


if __name__ == "__main__":
    main(*sys.argv[1:])
