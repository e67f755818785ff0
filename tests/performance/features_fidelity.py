"""Features against float32, default layout and full decode: how close, and does it change an accuracy?

    python tests/performance/features_fidelity.py FOLDER [BACKBONE] [PRETRAINING]

FOLDER holds `manifest.csv` beside `wikiart/` and `wikiart_csv/`, the lists `style`, `artist` and `genre` of ArtGAN.
Prints the cosine between the two features of each image (median and worst), and the accuracy of one and the same
probe (scikit-learn's logistic regression on z-scored features, C = 0.01) on either.
"""

import csv
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torchvision import transforms

from artbench.data.dataset import Dataset
from artbench.encoders.encoder import Encoder
from artbench.encoders.request import encoder_requests
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Silent
from tests.performance.features_common import ours, say


def built(name: str, pretraining: str) -> Encoder:
    (candidate,) = encoder_requests([name], [pretraining], registry=load_plugins([]), seed=0)
    return candidate.build(Silent())


def reference(by: Encoder, of: Dataset) -> np.ndarray:
    size = by.input_size or 244
    preprocess = transforms.Compose(
        [
            transforms.Resize(round(size / 0.875), interpolation=transforms.InterpolationMode.BICUBIC),
            transforms.CenterCrop(size),
            transforms.ToTensor(),
            transforms.Normalize(by.mean, by.std),
        ]
    )
    found = []
    with torch.inference_mode():
        for start in range(0, len(of), 16):
            rows = range(start, min(start + 16, len(of)))
            pixels = torch.stack([preprocess(Image.open(of.path(row)).convert("RGB")) for row in rows])
            found.append(by.module(pixels).numpy())
    return np.concatenate(found)


def accuracy(features: np.ndarray, train: np.ndarray, test: np.ndarray, labels: dict[int, int]) -> float:
    scaler = StandardScaler().fit(features[train])
    probe = LogisticRegression(C=0.01, max_iter=2000)
    probe.fit(scaler.transform(features[train]), [labels[row] for row in train])
    return float(probe.score(scaler.transform(features[test]), [labels[row] for row in test]))


def listed(file: Path, rows: dict[str, int]) -> dict[int, int]:
    with file.open(newline="") as lines:
        return {rows[name]: int(label) for name, label in csv.reader(lines) if name in rows}


def main(folder: str, name: str = "tf_efficientnet_lite0", pretraining: str = "imagenet") -> None:
    root = Path(folder)
    files = sorted(str(path.relative_to(root / "wikiart")) for path in (root / "wikiart").rglob("*.jpg"))
    of = Dataset(name="wikiart", root=root / "wikiart", ids=files, files=files)
    expected = reference(built(name, pretraining), of)
    with tempfile.TemporaryDirectory() as cache:
        by = built(name, pretraining)
        found = ours(by, of, Path(cache))
        features = found.take(np.arange(len(of)))
    norms = np.linalg.norm(features, axis=1) * np.linalg.norm(expected, axis=1)
    cosine = (features * expected).sum(axis=1) / norms
    say(f"{name}, {len(of)} images, {found.dtype}: cosine median {np.median(cosine):.6f}, worst {cosine.min():.6f}")
    rows = {file: row for row, file in enumerate(files)}
    for task in ("style", "artist", "genre"):
        train = listed(root / "wikiart_csv" / f"{task}_train.csv", rows)
        test = listed(root / "wikiart_csv" / f"{task}_val.csv", rows)
        parts = np.array(list(train)), np.array(list(test))
        ours_score, full_score = (accuracy(which, *parts, {**train, **test}) for which in (features, expected))
        say(f"{task}: {ours_score:.2%} against {full_score:.2%}, {100 * (ours_score - full_score):+.2f} points")


if __name__ == "__main__":
    main(*sys.argv[1:])
