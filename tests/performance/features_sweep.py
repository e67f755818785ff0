"""A sweep over the layers of a network in one pass, against extracting the network alone, in one run.

python -m tests.performance.features_sweep [SWEEP] [COUNT]
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from artbench.encoders.request import encoder_requests
from artbench.features.extract import extract
from artbench.plugins.loading import load_plugins
from artbench.protocol import LINEAR_V2
from artbench.runtime.progress import Silent
from artbench.specs.variants import sweep
from tests.performance.features_common import collection, say, seconds


def main(name: str = "resnet18@layer=1..4", count: str = "600") -> None:
    registry, rounds = load_plugins(only=""), 3
    names = sweep(name)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        of = collection(folder / "images", count=int(count), size=(800, 640))

        def extracted(some: list[str], cache: str) -> float:
            requests = encoder_requests(some, ["random"], registry=registry, seed=0)
            encoders = [request.build(Silent()) for request in requests]
            return seconds(
                lambda: extract(
                    encoders,
                    of,
                    np.arange(len(of)),
                    picture=LINEAR_V2.picture,
                    cache=folder / cache,
                    device="cpu",
                    reporter=Silent(),
                )
            )

        for number in range(rounds):
            alone = extracted([names[0].partition("@")[0]], f"alone-{number}")
            together = extracted(names, f"together-{number}")
            say(
                f"{name}, {len(of)} images: alone {alone:.1f} s, {len(names)} variants {together:.1f} s, "
                f"{together / alone:.2f} times"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
