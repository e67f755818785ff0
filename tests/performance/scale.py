"""How time and memory grow with images and classes: probe, metrics, ranks, audit and feature store on made features.

Every cell is a process of its own, so that its peak of memory is known. A cell that would take more than `--most`
seconds by the growth so far, or more memory than is free, is left out, and its line says what it would take. The
exponent is that of processor time, which other work on the machine hardly changes, from the line before with the same
classes: 1 where ten times the images take ten times as long.

Run: python -m tests.performance.scale [--most SECONDS] [--width FEATURES] [--images N,N] [--classes N,N] [PART...]
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artbench.audit.image_index import index_images
from artbench.audit.near_duplicates import HASH_BITS, find_pairs
from artbench.audit.similarity_search import near_hashes
from artbench.data.dataset import Dataset
from artbench.data.outputs import Leading, Outputs
from artbench.features.key import StoreKey
from artbench.features.store import FeatureStore
from artbench.leaderboard.ranking import rank
from artbench.leaderboard.validation.check import KnownTask, check_folder
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.linear import fit_probe
from artbench.protocol import LINEAR_V2
from artbench.records.folder import ResultsFolder
from artbench.records.predictions import TestPredictions
from artbench.records.record import Record
from artbench.runtime.machine import free_bytes
from artbench.runtime.progress import Silent
from artbench.specs import TargetKind
from artbench.stats.bootstrap import Estimate
from artbench.stats.metrics import METRICS, best_thresholds
from artbench.stats.scoring import Scorer
from artbench.stats.units import RoundTest
from tests.performance.probe_common import class_labels, class_means, fill, peak_gigabytes, say, say_machine
from tests.support.records import record
from tests.support.results import guessed, put

_ROWS = 100
_LABELS_PER_IMAGE = 4
_BLOCK = 4096


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing that is measured.

    Attributes:
        make: Makes what is needed from images, classes and features, and returns what is timed.
        memory: Bytes that will be in memory, from the same.
        by_classes: Whether classes matter.
        power: Expected exponent of time by images.
    """

    make: Callable[[int, int, int], Callable[[], object]]
    memory: Callable[[int, int, int], float]
    by_classes: bool = True
    power: float = 1


def probe(images: int, classes: int, width: int) -> Callable[[], object]:
    """The probe of one class per image as a run fits it: penalties as far as the protocol goes, and the last fit."""
    features = np.empty((images, width), np.float32)
    labels = class_labels(images, classes, seed=0)
    fill(features, class_means(classes, width, seed=0), labels, decay=0.7, seed=0)
    train = LabelledFeatures(rows=Rows(features), labels=labels, ids=[str(number) for number in range(images)])
    return lambda: fit_probe(
        train, None, classes=classes, target="single-label", probe=LINEAR_V2.probe, device="cpu", reporter=Silent()
    )


def _scored(labels: NDArray[np.int64] | NDArray[np.bool_], outputs: Outputs, target: TargetKind) -> dict[str, Estimate]:
    scorer = Scorer([RoundTest(images=[f"{n:09}" for n in range(len(labels))])], target=target, protocol=LINEAR_V2)
    thresholds = best_thresholds(labels, outputs, target=target)
    return scorer.estimates([scorer.score(0, labels, outputs, thresholds=thresholds)])


def one_class(images: int, classes: int, width: int) -> Callable[[], object]:
    """All metrics of one class per image, with their intervals."""
    labels, outputs = _guesses(images, classes)
    return lambda: _scored(labels, outputs, "single-label")


def _guesses(images: int, classes: int) -> tuple[NDArray[np.int64], Leading]:
    labels = class_labels(images, classes, seed=0)
    random = np.random.default_rng(0)
    kept = min(5, classes)
    numbers = (labels[:, None] + random.integers(0, 3, (images, 1)) + np.arange(kept)) % classes
    chances = np.sort(random.dirichlet(np.ones(kept + 1), images)[:, :kept], axis=1)[:, ::-1]
    return labels, Leading(classes=numbers, probabilities=chances.astype(np.float32), count=classes)


def many_labels(images: int, classes: int, width: int) -> Callable[[], object]:
    """All metrics of labels and their thresholds, with intervals: the commonest label has a quarter of all images."""
    random = np.random.default_rng(0)
    shares = 1 / np.arange(1, classes + 1) ** 0.75
    shares = np.minimum(0.25, shares * _LABELS_PER_IMAGE / shares.sum())
    labels, outputs = np.empty((images, classes), bool), np.empty((images, classes), np.float32)
    for start in range(0, images, _BLOCK):
        part = slice(start, start + _BLOCK)
        labels[part] = random.random(labels[part].shape, np.float32) < shares
        logits = random.standard_normal(labels[part].shape, np.float32) + 1.5 * labels[part] + np.log(shares)
        outputs[part] = 1 / (1 + np.exp(-logits))
    return lambda: _scored(labels, outputs, "multi-label")


def ranks(images: int, classes: int, width: int) -> Callable[[], object]:
    """The ranks of a leaderboard, from the files."""
    folder = ResultsFolder(Path(tempfile.mkdtemp(prefix="artbench-scale-")))
    labels = np.random.default_rng(0).integers(0, 27, images)
    rates = np.random.default_rng(2).uniform(0.5, 0.6, _ROWS)
    outputs = (guessed(labels, rate=rate, classes=27, seed=row) for row, rate in enumerate(rates))
    records = [
        put(folder, f"encoder-{row}", labels, made, protocol=LINEAR_V2.name, protocol_hash=LINEAR_V2.hash)
        for row, made in enumerate(outputs)
    ]
    return lambda: rank(records, folder.predictions_of)


def check(images: int, classes: int, width: int) -> Callable[[], object]:
    """`leaderboard check` of a record of one class per image: all metrics are computed again."""
    folder = ResultsFolder(Path(tempfile.mkdtemp(prefix="artbench-scale-")))
    labels, outputs = _guesses(images, classes)
    content = record(protocol=LINEAR_V2.name, protocol_hash=LINEAR_V2.hash).as_json()
    content["metrics"] = {
        name: {"value": one.value, "ci95": one.ci95, "unit": METRICS[name].unit}
        for name, one in _scored(labels, outputs, "single-label").items()
    }
    content["dataset"] |= {"test": images, "classes": classes}
    ids = [f"{number:09}" for number in range(images)]
    folder.write(Record.model_validate(content), TestPredictions(images=ids, labels=labels, outputs=outputs))
    return lambda: check_folder(
        folder.path,
        tasks=lambda _: KnownTask(),
        plugins=frozenset(),
        memory=1 << 40,
        now=datetime.now(UTC),
        reporter=Silent(),
    )


def audit(images: int, classes: int, width: int) -> Callable[[], object]:
    """All pairs of images with similar hashes."""
    hashes = np.random.default_rng(0).integers(0, 2**64, images, np.uint64)
    return lambda: near_hashes(hashes, within=HASH_BITS)


def pictures(images: int, classes: int, width: int) -> Callable[[], object]:
    """An audit of pictures: each is read and hashed, then all pairs are compared by hash and by features."""
    root, random = Path(tempfile.mkdtemp(prefix="artbench-scale-")), np.random.default_rng(0)
    names = [f"{number:07}.jpg" for number in range(images)]
    for name in names:
        Image.fromarray(random.integers(0, 256, (12, 16, 3), np.uint8)).resize((320, 240)).save(root / name)
    dataset = Dataset(name="made", root=root, ids=names, files=names)
    features = dict(enumerate(random.standard_normal((images, width), np.float32)))

    def audited() -> object:
        index = index_images(dataset, cache=root / "cache", reporter=Silent())
        return find_pairs([index], features=[features], reporter=Silent())

    return audited


def store(images: int, classes: int, width: int) -> Callable[[], object]:
    """Writing all features to a store, and checking all of them."""
    cache = tempfile.TemporaryDirectory(prefix="artbench-scale-")
    random = np.random.default_rng(0)
    block = random.random((_BLOCK, width), np.float32)

    def written() -> int:
        kept = FeatureStore(Path(cache.name), _key(width), rows=images)
        with kept.locked(Silent()):
            for start in range(0, images, _BLOCK):
                rows = np.arange(start, min(start + _BLOCK, images))
                kept.write(rows, block[: len(rows)], np.ones((len(rows), 2), np.uint64))
            kept.flush()
            return len(kept.missing(np.arange(images), Silent()))

    return written


def _key(width: int) -> StoreKey:
    return StoreKey(
        dataset="made",
        dataset_fingerprint="1" * 64,
        backbone="made",
        weights_sha256="2" * 64,
        feature_dim=width,
        short_side=256,
        crop=224,
        interpolation="bicubic",
        mean=(0.5, 0.5, 0.5),
        std=(0.2, 0.2, 0.2),
        decode="made",
        torch="made",
        device="cpu",
        dtype="float32",
        batch=8,
    )


PARTS = {
    "probe": Part(make=probe, memory=lambda n, c, d: 8 * n * d + 24 * 8 * c * d + 3 * 8 * min(c, 4096) ** 2),
    "one class": Part(make=one_class, memory=lambda n, c, d: 400 * n + 100 * c),
    "labels": Part(make=many_labels, memory=lambda n, c, d: 7 * n * c + 1000 * n),
    "ranks": Part(make=ranks, memory=lambda n, c, d: 40 * n * _ROWS, by_classes=False),
    "check": Part(make=check, memory=lambda n, c, d: 600 * n + 2000 * c),
    "audit": Part(make=audit, memory=lambda n, c, d: 100 * n, by_classes=False, power=2),
    "pictures": Part(make=pictures, memory=lambda n, c, d: 12 * n * d, by_classes=False, power=2),
    "store": Part(make=store, memory=lambda n, c, d: 100 * n + 4 * n * d, by_classes=False),
}


def cell(name: str, images: int, classes: int, width: int) -> None:
    """Measure one, and print seconds, those of processors, and gigabytes as JSON."""
    work = PARTS[name].make(images, classes, width)
    # From here on the peak counts anew: making the input is not what is measured.
    Path("/proc/self/clear_refs").write_text("5")
    start, busy = time.perf_counter(), time.process_time()
    work()
    say(json.dumps([time.perf_counter() - start, time.process_time() - busy, peak_gigabytes()]))


def table(name: str, images: list[int], classes: list[int], *, width: int, most: float) -> None:
    """Measure all cells of a part."""
    part = PARTS[name]
    for count in classes if part.by_classes else classes[:1]:
        before: tuple[int, float, float] | None = None
        for n in images:
            said = f"| {name} | {n:,} | {f'{count:,}' if part.by_classes else ''} |"
            expected = before[1] * (n / before[0]) ** part.power if before else 0.0
            needed, free = part.memory(n, count, width) / 2**30, free_bytes("cpu") / 2**30
            if needed > 0.9 * free:
                say(f"{said} left out: takes {needed:,.1f} GB, and {free:,.1f} are free | | | |")
                continue
            if expected > most:
                say(f"{said} left out: takes about {expected:,.0f} s | | {needed:,.1f} GB | |")
                continue
            command = [sys.executable, "-m", "tests.performance.scale", "--width", f"{width}", "--cell", name]
            try:
                done = subprocess.run(
                    [*command, f"{n}", f"{count}"], capture_output=True, text=True, timeout=3 * most + 120, check=True
                )
            except subprocess.SubprocessError as error:
                lines = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
                say(f"{said} left out: {lines[-1][:120]} | | | |")
                break
            seconds, busy, peak = json.loads(done.stdout.splitlines()[-1])
            exponent = f"{math.log(busy / before[2]) / math.log(n / before[0]):.2f}" if before else ""
            say(f"{said} {seconds:,.1f} s | {busy:,.1f} s | {peak:.2f} GB | {exponent} |")
            before = n, seconds, busy


def main() -> None:
    """All parts, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS))
    parser.add_argument("--most", type=float, default=300)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--images", default="10000,100000,1000000")
    parser.add_argument("--classes", default="10,1000,10000")
    parser.add_argument("--cell", nargs=3)
    given = parser.parse_args()
    if given.cell:
        cell(given.cell[0], int(given.cell[1]), int(given.cell[2]), given.width)
        return
    say_machine()
    say(f"{given.width:,} features; {_ROWS} rows of a leaderboard\n")
    say("| what | images | classes | time | processor time | peak memory | exponent |\n|---|--:|--:|--:|--:|--:|--:|")
    images, classes = ([int(number) for number in text.split(",")] for text in (given.images, given.classes))
    for name in given.parts:
        table(name, images, classes, width=given.width, most=given.most)


if __name__ == "__main__":
    main()
