"""The probe agrees with scikit-learn at tight tolerance, on images: three tasks of WikiArt, at the penalty chosen.

Needs the development data; features come from artbench's own store (ARTBENCH_CACHE).

Run: python -m tests.performance.probe_agreement
"""

import numpy as np

from artbench.data.folders import DatasetPaths
from artbench.data.opening import OpenTask, open_tasks
from artbench.encoders.request import encoder_requests
from artbench.evaluation.splits import readable
from artbench.features.extract import Features, extract
from artbench.plugins.loading import load_plugins
from artbench.probe.features import LabelledFeatures, Rows, Scaling
from artbench.probe.linear import fit_probe
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.files import cache_folder
from artbench.runtime.progress import Silent
from tests.performance.probe_common import say, say_machine, scikit_learn, timed
from tests.support.real_data import REAL_DATA

_BACKBONE, _PRETRAINING = "tf_efficientnet_lite0", "imagenet"
_TOLERANCE = 1e-8
_TASKS = ("wikiart-style", "wikiart-artist", "wikiart-genre")


def compare(task: OpenTask, features: Features) -> None:
    """Fit both on train and validation with the penalty that artbench chose, and compare their answers on the test."""
    (targets,) = readable(task, features)
    train, validation = (
        None
        if part is None
        else LabelledFeatures(
            rows=Rows(features.take(part.rows)),
            labels=part.labels,
            ids=[task.dataset.ids[row] for row in part.rows.tolist()],
        )
        for part in (targets.train, targets.validation)
    )
    assert train is not None
    assert validation is None
    fitted, here = timed(
        lambda: fit_probe(
            train,
            validation,
            classes=len(targets.classes),
            target="single-label",
            probe=DEFAULT_PROTOCOL.probe,
            device="cpu",
            reporter=Silent(),
        )
    )
    scaling = Scaling.of([train.rows], ids=train.ids)
    labels = train.labels.astype(np.int64)
    peer, seconds = timed(
        lambda: scikit_learn(scaling.apply(train.rows.features), labels, l2=fitted.l2, tolerance=_TOLERANCE)
    )
    test = features.take(targets.test.rows)
    logits = scaling.apply(test) @ peer[0] + peer[1]
    theirs = np.unique(labels)[logits.argmax(axis=1)]
    chances = fitted.probabilities(Rows(test))
    given = chances.argmax(axis=1)
    say(
        f"{task.spec.name}: l2 {fitted.l2:g}, {(given == theirs).mean():.2%} of {len(test):,} predictions the same; "
        f"accuracy {(given == targets.test.labels).mean():.4f}, "
        f"scikit-learn's {(theirs == targets.test.labels).mean():.4f}; "
        f"artbench {here:.1f} s for choice and fit, scikit-learn {seconds:.1f} s for one fit"
    )


def main() -> None:
    """Extract or read the features, then task by task."""
    say_machine()
    registry = load_plugins()
    (tasks,) = open_tasks(
        _TASKS,
        registry=registry,
        paths=DatasetPaths(by_name={"wikiart": REAL_DATA / "wikiart-mini"}),
        allow_partial=False,
        reporter=Silent(),
    )
    candidate = next(iter(encoder_requests([_BACKBONE], [_PRETRAINING], registry=registry, seed=0)))
    encoder = candidate.build(Silent())
    (features,) = extract(
        [encoder],
        tasks[0].dataset,
        np.unique(np.concatenate([task.rows for task in tasks])),
        picture=DEFAULT_PROTOCOL.picture,
        cache=cache_folder() / "features",
        reporter=Silent(),
    )
    for task in tasks:
        compare(task, features)


if __name__ == "__main__":
    main()
