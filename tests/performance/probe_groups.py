"""Tasks about unseen painters: which held-out images choose the penalty that serves new painters.

Compares a stratified tenth of the images (as everywhere else), one hold-out of whole painters (a tenth, a fifth), and
five folds of whole painters, each by the penalty that it chooses, and the accuracy and loss on new painters that a
fit on all of train then has. The best penalty on the test itself is the bound.

Run: python -m tests.performance.probe_groups
With ARTBENCH_REAL_DATA, also on a part of WikiArt: python -m tests.performance.probe_groups colour-histogram:none …
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.data.folders import DatasetPaths
from artbench.data.opening import open_tasks
from artbench.data.splits import grouped_folds, held_out
from artbench.features.workflow import FeaturesRequest, extract_features
from artbench.plugins.loading import load_plugins
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.linear import mean_loss
from artbench.probe.penalty import Fold, PenaltyPath, choose_penalty
from artbench.protocol import LINEAR_V2
from artbench.runtime.progress import Silent
from tests.performance.probe_common import say, say_machine

_PROBE = LINEAR_V2.probe
_TASK = "wikiart-style-unseen-artists"
_DRAWS = 8
_WIDTH, _CLASSES = 96, 6

Indices = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Train by some painters, and a test by others."""

    train: LabelledFeatures
    painters: NDArray[Any]
    test: LabelledFeatures
    classes: int


def tenth_of_images(case: Case) -> list[Indices]:
    return [held_out(case.train.labels, case.train.ids, fraction=0.1)]


def share_of_painters(share: float) -> Callable[[Case], list[Indices]]:
    def held(case: Case) -> list[Indices]:
        names = sorted(set(case.painters.tolist()), key=lambda name: sha256(str(name).encode()).hexdigest())
        return [np.flatnonzero(np.isin(case.painters, names[: max(1, round(share * len(names)))]))]

    return held


def folds_of_painters(folds: int) -> Callable[[Case], list[Indices]]:
    def held(case: Case) -> list[Indices]:
        fold = grouped_folds(case.train.labels, case.painters.tolist(), folds=folds)
        return [np.flatnonzero(fold == number) for number in range(folds)]

    return held


WAYS: Mapping[str, Callable[[Case], list[Indices]]] = {
    "a tenth of the images": tenth_of_images,
    "a tenth of the painters": share_of_painters(0.1),
    "a fifth of the painters": share_of_painters(0.2),
    "5 folds of painters": folds_of_painters(5),
}


def path(fit_on: LabelledFeatures, case: Case) -> PenaltyPath:
    return PenaltyPath([fit_on], classes=case.classes, target="single-label", tolerance=_PROBE.tolerance, device="cpu")


def chosen(case: Case, held_out_in_turn: list[Indices]) -> float:
    folds = []
    for held in held_out_in_turn:
        rest = np.setdiff1d(np.arange(len(case.train)), held)
        held = held[np.isin(case.train.labels[held], case.train.labels[rest])]
        folds += [Fold(fit_on=case.train.select(rest), choose_on=case.train.select(held))] if len(held) else []
    fits = [path(fold.fit_on, case).at for fold in folds]
    return choose_penalty(_PROBE, folds, fits=fits, loss=lambda head, on: mean_loss(on, *head, "single-label")).l2


def tested(case: Case, down_to: float) -> dict[float, tuple[float, float]]:
    """Loss and accuracy on the test by penalty, down to one and past the best."""
    found: dict[float, tuple[float, float]] = {}
    features, fits = np.concatenate(list(case.test.rows.blocks())), path(case.train, case)
    for l2 in sorted(_PROBE.grid, reverse=True):
        weight, bias = fits.at(l2)
        right = (features @ weight + bias).argmax(axis=1) == case.test.labels
        found[l2] = mean_loss(case.test, weight, bias, "single-label"), float(right.mean())
        best = min(found, key=lambda tried: found[tried][0])
        if l2 <= down_to and sum(tried < best for tried in found) >= _PROBE.patience:
            break
    return found


def compared(cases: Iterable[Case]) -> None:
    """Print a row for each way of choosing: over all cases, what it chooses and what this is worth."""
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for case in cases:
        choices = {name: chosen(case, way(case)) for name, way in WAYS.items()}
        on_test = tested(case, min(choices.values()))
        choices["the best on the test"] = min(on_test, key=lambda l2: on_test[l2][0])
        for name, l2 in choices.items():
            rows.setdefault(name, []).append((l2, *on_test[l2]))
    say("| penalty chosen on | its median (range) | loss on new painters | accuracy |")
    say("|---|---|--:|--:|")
    for name, found in rows.items():
        l2s, loss, accuracy = np.array(found).T
        span = f"{np.median(l2s):.2g} ({l2s.min():.2g} to {l2s.max():.2g})"
        say(f"| {name} | {span} | {loss.mean():.3f} | {100 * accuracy.mean():.2f} % |")


def simulated(painters: int, *, strength: float, seeds: Iterable[int]) -> Iterator[Case]:
    """Features that know the painter better than the class; some tens of images of each, mostly of one class."""
    for seed in seeds:
        random = np.random.default_rng(seed)
        scales = np.arange(1, _WIDTH + 1) ** -0.5
        means = 0.5 * random.normal(size=(_CLASSES, _WIDTH))

        def drawn(count: int, prefix: str, random: Any = random, scales: Any = scales, means: Any = means) -> Any:
            sizes = np.minimum(np.maximum(random.lognormal(3.0, 0.9, count).astype(np.int64), 5), 200)
            of = np.repeat(np.arange(count), sizes)
            own = random.integers(0, _CLASSES, count)
            labels = np.where(random.random(len(of)) < 0.85, own[of], random.integers(0, _CLASSES, len(of)))
            hands = strength * random.normal(size=(count, _WIDTH))
            latent = means[labels] + hands[of] + random.normal(size=(len(of), _WIDTH))
            part = LabelledFeatures(
                rows=Rows((latent * scales).astype(np.float32)),
                labels=labels.astype(np.int64),
                ids=[f"{prefix}/{number}" for number in range(len(of))],
            )
            return part, np.array([f"{prefix} {one}" for one in of])

        train, names = drawn(painters, f"train {seed}")
        test, _ = drawn(100, f"test {seed}")
        yield Case(train=train, painters=names, test=test, classes=_CLASSES)


def of_wikiart(folder: Path, backbone: str, pretraining: str) -> Iterator[Case]:
    """The five rounds of the task."""
    registry, paths = load_plugins(), DatasetPaths(by_name={"wikiart": folder})
    request = FeaturesRequest(
        backbone=backbone, pretraining=pretraining, task=_TASK, paths=paths, device="cpu", allow_partial=True
    )
    _, dataset, features = extract_features(request, registry=registry, reporter=Silent())
    ((task,),) = open_tasks([_TASK], registry=registry, paths=paths, allow_partial=True, reporter=Silent())

    def part(split: Any) -> LabelledFeatures:
        ids = [dataset.ids[row] for row in split.rows.tolist()]
        return LabelledFeatures(rows=Rows(features.matrix, split.rows), labels=split.labels, ids=ids)

    for targets in task.targets.rounds:
        names = np.array(task.targets.groups_of(targets.train) or [])
        yield Case(
            train=part(targets.train), painters=names, test=part(targets.test), classes=len(task.targets.classes)
        )


def main() -> None:
    """Simulated painters, then those of the encoders that are named, such as `tf_efficientnet_lite0:imagenet`."""
    say_machine()
    for painters, strength in ((48, 1.0), (12, 1.0), (48, 0.0)):
        say(f"\nsimulated, {painters} painters in train, strength of their hands {strength}, {_DRAWS} draws")
        compared(simulated(painters, strength=strength, seeds=range(_DRAWS)))
    for encoder in sys.argv[1:]:
        backbone, _, pretraining = encoder.partition(":")
        say(f"\n{_TASK} on a part of WikiArt, {encoder}, five splits")
        compared(of_wikiart(Path(os.environ["ARTBENCH_REAL_DATA"]) / "wikiart-mini", backbone, pretraining))


if __name__ == "__main__":
    main()
