"""The rounds of a task: one for each of its splits or each draw of a few pictures; each fitted and scored alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.opening import OpenTask
from artbench.data.splits import draw_shots
from artbench.data.targets import Split, Targets
from artbench.features.extract import Features
from artbench.probe.baselines import Known, guesses
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.linear import FittedProbe, fit_probe
from artbench.probe.predictions import Predictions, predict
from artbench.protocol import Protocol
from artbench.records.record import TableName
from artbench.records.tables import Tables
from artbench.runtime.progress import Reporter
from artbench.stats.bootstrap import Estimate, Sampled, combine
from artbench.stats.metrics import sample
from artbench.stats.per_class import Columns, class_table, confusion, ranking_table


@dataclass(frozen=True, kw_only=True)
class Round:
    """What was fitted and scored.

    Attributes:
        fitted_on: Rows of the dataset, those of the validation split included.
        test: The pictures reported on.
        answers: What probe and neighbours say of them.
        metrics: Of the probe.
        neighbours: Of the neighbours.
    """

    fitted_on: int
    test: Split
    answers: Predictions
    metrics: Mapping[str, Sampled]
    neighbours: Mapping[str, Sampled]


def score_rounds(
    task: OpenTask, features: Features, *, protocol: Protocol, device: str, reporter: Reporter
) -> Iterator[Round]:
    """Fit and score every round.

    Args:
        task: What is asked.
        features: Of all pictures of the task; those that could not be read are left out of their splits.
        protocol: How to fit, how to score, and from how many pictures.
        device: `cpu`, `cuda`, `mps`.
        reporter: Told if a fit did not converge.

    Raises:
        ArtbenchError: The features or the splits don't allow a fit.
    """
    for targets in readable(task, features):
        test = _rows(targets.test, features)
        for train, validation in _fits(targets, task.dataset, protocol):
            answers = predict(
                _labelled(train, task.dataset, features),
                None if validation is None else _labelled(validation, task.dataset, features),
                test,
                classes=len(targets.classes),
                target=task.spec.target,
                protocol=protocol,
                device=device,
                reporter=reporter,
            )
            clusters = clusters_of(task, targets.test)
            yield Round(
                fitted_on=len(train) + (0 if validation is None else len(validation)),
                test=targets.test,
                answers=answers,
                metrics=sample(
                    targets.test.labels,
                    answers.outputs,
                    target=task.spec.target,
                    bootstrap=protocol.bootstrap,
                    thresholds=answers.fitted.thresholds,
                    clusters=clusters,
                ),
                neighbours=sample(
                    targets.test.labels,
                    answers.neighbours,
                    target=task.spec.target,
                    bootstrap=protocol.bootstrap,
                    clusters=clusters,
                ),
            )


def first_probe(
    task: OpenTask, features: Features, *, protocol: Protocol, device: str, reporter: Reporter
) -> tuple[FittedProbe, Split]:
    """The probe of the first round alone, fitted as `score_rounds` fits it, and the pictures that it is tested on.

    Args:
        task: What is asked; not for the year.
        features: As for `score_rounds`.
        protocol: As for `score_rounds`.
        device: As for `score_rounds`.
        reporter: As for `score_rounds`.

    Raises:
        ArtbenchError: The features or the splits don't allow a fit.
    """
    targets = readable(task, features)[0]
    train, validation = next(_fits(targets, task.dataset, protocol))
    probe = fit_probe(
        _labelled(train, task.dataset, features),
        None if validation is None else _labelled(validation, task.dataset, features),
        classes=len(targets.classes),
        target=task.spec.target,
        probe=protocol.probe,
        device=device,
        reporter=reporter,
    )
    return probe, targets.test


def references(task: OpenTask, features: Features, *, protocol: Protocol) -> dict[str, dict[str, Estimate]]:
    """The metrics of the guesses that look at no picture (`guesses`), by their names.

    They guess from all of train and validation, also where the probe gets a few pictures.
    """
    rounds: dict[str, list[Mapping[str, Sampled]]] = {}
    for targets in readable(task, features):
        parts = [split for name, split in targets.splits if name != "test"]
        train = Split(
            rows=np.concatenate([split.rows for split in parts]), labels=np.concatenate([s.labels for s in parts])
        )
        for guess in guesses(
            _known(train, task),
            _known(targets.test, task),
            target=task.spec.target,
            classes=len(targets.classes),
            fraction=protocol.probe.validation_fraction,
        ):
            drawn = sample(
                targets.test.labels,
                guess.outputs,
                target=task.spec.target,
                bootstrap=protocol.bootstrap,
                thresholds=guess.thresholds,
                clusters=clusters_of(task, targets.test),
            )
            rounds.setdefault(guess.name, []).append(drawn)
    return {name: combine(drawn, bootstrap=protocol.bootstrap) for name, drawn in rounds.items()}


def tables(task: OpenTask, rounds: Sequence[Round]) -> Tables:
    """How each class fares and which is taken for which, over all rounds together; nothing for years.

    A label of a multi-label task counts as predicted from the threshold that is best for micro F1.
    """
    classes = task.targets.classes
    if task.spec.target == "year":
        return {}
    labels = np.concatenate([round_.test.labels for round_ in rounds])
    if task.spec.target == "single-label":
        predicted = np.concatenate([round_.answers.outputs.argmax(axis=1) for round_ in rounds])
        one_hot = np.eye(len(classes), dtype=bool)
        found: dict[TableName, Columns] = {
            "classes": class_table(one_hot[labels], one_hot[predicted], classes=classes),
            "confusion": confusion(labels, predicted, classes=classes),
        }
        return found
    above = [r.answers.outputs >= r.answers.fitted.thresholds.get("micro_f1", 0.5) for r in rounds]
    scores = np.concatenate([round_.answers.outputs for round_ in rounds])
    return {"classes": {**class_table(labels, np.concatenate(above), classes=classes), **ranking_table(labels, scores)}}


def readable(task: OpenTask, features: Features) -> tuple[Targets, ...]:
    """The targets of each round of splits, without the pictures that could not be read."""

    def part(split: Split) -> Split:
        return split.only(~np.isin(split.rows, list(features.unreadable))) if features.unreadable else split

    return tuple(
        Targets(
            classes=targets.classes,
            train=part(targets.train),
            validation=None if targets.validation is None else part(targets.validation),
            test=part(targets.test),
        )
        for targets in task.targets.rounds
    )


def clusters_of(task: OpenTask, split: Split) -> list[str] | None:
    """What each picture is resampled with: its group, or itself where nobody knows; None: all by themselves."""
    if not task.spec.clustered:
        return None
    groups = task.targets.groups_of(split) or [""] * len(split)
    # No name of a group begins so.
    return [group or f"\0{row}" for group, row in zip(groups, split.rows.tolist(), strict=True)]


def _fits(targets: Targets, dataset: Dataset, protocol: Protocol) -> Iterator[tuple[Split, Split | None]]:
    few = protocol.few_shot
    if few is None:
        yield targets.train, targets.validation
        return
    train = targets.train
    ids = _ids(train, dataset)
    for draw in range(few.draws):
        taken = draw_shots(train.labels.astype(np.int64), ids, shots=few.shots, draw=draw, seed=few.seed)
        yield Split(rows=train.rows[taken], labels=train.labels[taken]), None


def _ids(split: Split, dataset: Dataset) -> list[str]:
    return [dataset.ids[row] for row in split.rows.tolist()]


def _labelled(split: Split, dataset: Dataset, features: Features) -> LabelledFeatures:
    return LabelledFeatures(rows=_rows(split, features), labels=split.labels, ids=_ids(split, dataset))


def _rows(split: Split, features: Features) -> Rows:
    """As they lie on disk: what the probe keeps of them in memory, it decides by itself."""
    features.check(split.rows)
    return Rows(features.matrix, split.rows)


def _known(split: Split, task: OpenTask) -> Known:
    return Known(labels=split.labels, ids=_ids(split, task.dataset), groups=task.targets.groups_of(split))
