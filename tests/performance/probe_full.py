"""The probe at the size of the whole of WikiArt: 57,025 images, 2,048 features, on disk; time and memory.

`fit_probe` as it is called for a record: a tenth held out to choose on, the path, the fit on everything. Once as the
protocol has it, and once with no penalty of the grid left out.

Run: python -m tests.performance.probe_full
"""

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.linear import fit_probe
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.progress import Silent
from tests.performance.probe_common import class_labels, class_means, fill, peak_gigabytes, say, say_machine

_IMAGES, _WIDTH, _CLASSES = 57_025, 2_048, 27


def main() -> None:
    """Write the features, fit, and tell."""
    say_machine()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "features.npy"
        labels = class_labels(_IMAGES, _CLASSES, seed=0)
        features = open_memmap(file, mode="w+", dtype=np.float32, shape=(_IMAGES, _WIDTH))
        fill(features, class_means(_CLASSES, _WIDTH, seed=0), labels, decay=0.7, seed=0)
        features.flush()
        del features
        train = LabelledFeatures(
            rows=Rows(np.load(file, mmap_mode="r")), labels=labels, ids=[str(k) for k in range(_IMAGES)]
        )
        grid = len(DEFAULT_PROTOCOL.probe.grid)
        for patience in (DEFAULT_PROTOCOL.probe.patience, grid):
            begun, cpu = time.perf_counter(), time.process_time()
            fitted = fit_probe(
                train,
                None,
                classes=_CLASSES,
                target="single-label",
                probe=replace(DEFAULT_PROTOCOL.probe, patience=patience),
                device="cpu",
                reporter=Silent(),
            )
            tried = sum(loss is not None for loss in fitted.grid_losses)
            say(
                f"{tried} of {grid} penalties and the final fit: {time.perf_counter() - begun:.0f} s "
                f"({time.process_time() - cpu:.0f} s of processor time; load {os.getloadavg()[0]:.1f} at the end), "
                f"{fitted.evaluations} passes, converged {fitted.converged}, "
                f"chosen {fitted.l2:g}, accuracy on validation {fitted.validation['accuracy']:.3f}"
            )
        say(f"peak memory {peak_gigabytes():.2f} GB, the pages of the file among it")


if __name__ == "__main__":
    main()
