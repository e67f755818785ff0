"""How many wrong labels planted in real paintings `artbench data audit --labels --training` finds.

The label lists of the part of WikiArt below `ARTBENCH_REAL_DATA` are copied to a temporary folder, beside a link to the
images. A share of the labels of a task, for training and test alike, is replaced by any other class that is there.

python -m tests.performance.label_noise_wikiart RATE TASK ENCODER...
"""

import csv
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.performance.features_common import say
from tests.performance.label_noise import Wrong, audited, planted
from tests.support.real_data import REAL_DATA


def plant(lists: Path, task: str, rate: float) -> Wrong:
    """Replace labels in both lists of a task, and return the images whose label is wrong now."""
    files = {"train": lists / f"{task}_train.csv", "test": lists / f"{task}_val.csv"}
    rows = {side: list(csv.reader(file.read_text(encoding="utf-8").splitlines())) for side, file in files.items()}
    numbers = np.array([int(number) for side in rows.values() for _, number in side])
    there, true = np.unique(numbers, return_inverse=True)
    labels = planted(true.astype(np.int64), rate, classes=len(there), confused=False, seed=0)
    wrong: Wrong = {"train": set(), "test": set()}
    start = 0
    for side in wrong:
        part = slice(start, start := start + len(rows[side]))
        with files[side].open("w", encoding="utf-8", newline="") as file:
            for (image, _), label, right in zip(rows[side], labels[part].tolist(), true[part].tolist(), strict=True):
                csv.writer(file).writerow([image, there[label]])
                if label != right:
                    wrong[side].add(image)
    return wrong


def main(rate: str, task: str, *encoders: str) -> None:
    source = REAL_DATA / "wikiart-mini"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "wikiart").symlink_to(source / "wikiart", target_is_directory=True)
        shutil.copytree(source / "wikiart_csv", folder / "wikiart_csv", copy_function=shutil.copyfile)
        (folder / "wikiart_csv").chmod(0o755)
        wrong = plant(folder / "wikiart_csv", task, float(rate))
        found = audited(f"wikiart-{task}", wrong, encoders=encoders, data={"wikiart": folder})
        say(f"wikiart-{task}: test: {found.test}; training: {found.train}")


if __name__ == "__main__":
    main(*sys.argv[1:])
