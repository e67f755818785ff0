"""The rounds of a task: one for each of its splits, or each draw of a few images; each is fitted and scored alone."""

from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from artbench.data.groups import cluster_numbers, known_groups, together
from artbench.data.opening import OpenTask
from artbench.data.outputs import Answered
from artbench.data.targets import Split, Targets
from artbench.evaluation.compared import searched, searched_by_chance
from artbench.evaluation.splits import fitted_splits, ids_of, readable
from artbench.features.extract import Features
from artbench.plugins.known import asked_metrics, form_of, target_named
from artbench.plugins.protocols import own_probe
from artbench.probe.baselines import Known, guesses
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.linear import FittedProbe, fit_probe
from artbench.probe.own import OwnAnswers, Pooled, Sees, fit_own
from artbench.probe.predictions import Predictions, predict
from artbench.probe.ridge import FittedRidge, fit_ridge
from artbench.probe.width import to_width
from artbench.probe.zero_shot import told_by_texts
from artbench.protocol import Protocol
from artbench.records.publishing import image_digests
from artbench.runtime.progress import Reporter
from artbench.stats.bootstrap import Estimate
from artbench.stats.scoring import Scored, Scorer
from artbench.stats.units import RoundTest


@dataclass(frozen=True, kw_only=True)
class Round:
    """The results of one round.

    Attributes:
        fitted_on: Number of training images, those of the validation split included; of the index that was searched;
            of those that the task has, where texts tell the classes.
        groups: Number of groups that were held out while the penalty was chosen; None if images were.
        test: The test split.
        answers: Predictions of the probe and the neighbours for it; None if nothing is fitted, or a plugin brought the
            probe.
        own: What that one answered; else None.
        outputs: What is answered to the test: outputs of the probe, what texts tell, rankings, what neighbours share.
        metrics: Metrics of the probe, or of the rankings.
        neighbours: Metrics of the neighbours; empty without.
    """

    fitted_on: int
    groups: int | None
    test: Split
    answers: Predictions | None
    own: OwnAnswers | None = None
    outputs: Answered
    metrics: Mapping[str, Scored]
    neighbours: Mapping[str, Scored]


def score_rounds(
    task: OpenTask,
    features: Features,
    *,
    protocol: Protocol,
    head: NDArray[np.float64] | None = None,
    device: str,
    reporter: Reporter,
    sees: Sees = Pooled,
) -> Iterator[Round]:
    """Fit and score every round.

    Args:
        task: The task.
        features: Features of all images of the task; images that could not be read are left out of their splits.
        protocol: How to fit and score, and on how many images.
        head: What tells the classes by their texts (`artbench.probe.zero_shot.class_head`); None: nothing does.
        device: `cpu`, `cuda` or `mps`.
        reporter: Receives a notice if a fit does not converge, and one of each fit to tokens.
        sees: What a plugin's probe sees of images.

    Raises:
        ArtbenchError: The features or the splits don't allow a fit.
    """
    scorer = scorer_of(task, features, protocol=protocol)
    for number, targets in enumerate(readable(task, features)):
        labels = targets.test.labels
        for found in _answers(
            targets, task, features, protocol=protocol, head=head, device=device, reporter=reporter, sees=sees
        ):
            yield Round(
                fitted_on=found.fitted_on,
                groups=found.groups,
                test=targets.test,
                answers=found.answers,
                own=found.own,
                outputs=found.outputs,
                metrics=scorer.score(number, labels, found.outputs, thresholds=found.thresholds),
                neighbours={}
                if found.answers is None
                else scorer.score(
                    number, labels, found.answers.neighbours, thresholds=found.answers.neighbour_thresholds
                ),
            )


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What is answered to a test, before it is scored; see `Round`.

    Attributes:
        thresholds: From which probability a label is predicted, by metric; 0.5 without.
    """

    fitted_on: int
    groups: int | None = None
    outputs: Answered
    thresholds: Mapping[str, float] = field(default_factory=dict)
    answers: Predictions | None = None
    own: OwnAnswers | None = None


def _answers(
    targets: Targets,
    task: OpenTask,
    features: Features,
    *,
    protocol: Protocol,
    head: NDArray[np.float64] | None,
    device: str,
    reporter: Reporter,
    sees: Sees,
) -> Iterator[_Answer]:
    """Yield the answers to the test of a split: one, or one for each draw of a few images or seed."""
    target, test = task.spec.target, _rows(targets.test, features)
    if protocol.search is not None:
        # Validation queries are in no index.
        outputs = searched(targets, task, features, by=protocol.search, device=device, reporter=reporter)
        yield _Answer(fitted_on=len(targets.train), outputs=outputs)
        return
    if not protocol.fits:
        assert head is not None
        yield _Answer(fitted_on=_count(targets.train, targets.validation), outputs=told_by_texts(test, head))
        return
    for train, validation in _fits(targets, task, features, protocol):
        fitted_on, groups = _count(train, validation), _held_groups(train, validation)
        if protocol.own is not None:
            for own in fit_own(
                train,
                validation,
                test,
                spec=own_probe(protocol),
                protocol=protocol,
                classes=len(targets.classes),
                target=target,
                seeds=protocol.own.seeds,
                device=device,
                reporter=reporter,
                sees=sees,
            ):
                yield _Answer(
                    fitted_on=fitted_on, groups=groups, outputs=own.outputs, thresholds=own.thresholds, own=own
                )
            continue
        answers = predict(
            train,
            validation,
            test,
            classes=len(targets.classes),
            target=target,
            protocol=protocol,
            device=device,
            reporter=reporter,
        )
        yield _Answer(
            fitted_on=fitted_on,
            groups=groups,
            outputs=answers.outputs,
            thresholds=answers.fitted.thresholds,
            answers=answers,
        )


def _count(train: Sized, validation: Sized | None) -> int:
    return len(train) + (0 if validation is None else len(validation))


def first_probe(
    task: OpenTask, features: Features, *, protocol: Protocol, device: str, reporter: Reporter
) -> tuple[FittedProbe | FittedRidge, Split]:
    """Fit the probe of the first round alone, as `score_rounds` fits it, and return it with its test split.

    The arguments and errors are those of `score_rounds`.
    """
    target, targets = task.spec.target, readable(task, features)[0]
    train, validation, projection = to_width(*next(_fits(targets, task, features, protocol)), width=protocol.width)
    if form_of(target) == "number":
        ridge = fit_ridge(train, validation, target=target, probe=protocol.probe, device=device)
        return ridge if projection is None else projection.unprojected(ridge), targets.test
    probe = fit_probe(
        train,
        validation,
        classes=len(targets.classes),
        target=target,
        probe=protocol.probe,
        device=device,
        reporter=reporter,
    )
    return probe if projection is None else projection.unprojected(probe), targets.test


def references(task: OpenTask, features: Features, *, protocol: Protocol) -> dict[str, dict[str, Estimate]]:
    """Compute the metrics of the baselines without pixels (`guesses`), by their names.

    They guess from all of train and validation, even if the probe is fitted on a few images. An index is put into an
    order by chance, and neighbours are drawn by chance.
    """
    rounds: dict[str, list[Mapping[str, Scored]]] = {}
    scorer = scorer_of(task, features, protocol=protocol)
    for number, targets in enumerate(readable(task, features)):
        if protocol.search is not None:
            name, *_ = target_named(task.spec.target).baselines
            by_chance = searched_by_chance(targets, task, by=protocol.search)
            rounds.setdefault(name, []).append(scorer.score(number, targets.test.labels, by_chance))
            continue
        train = together(*(split for name, split in targets.splits if name != "test"))
        for guess in guesses(
            _known(train, task),
            _known(targets.test, task),
            target=task.spec.target,
            classes=len(targets.classes),
            fraction=protocol.probe.validation_fraction,
        ):
            found = scorer.score(number, targets.test.labels, guess.outputs, thresholds=guess.thresholds)
            rounds.setdefault(guess.name, []).append(found)
    return {name: scorer.estimates(found) for name, found in rounds.items()}


def scorer_of(task: OpenTask, features: Features, *, protocol: Protocol) -> Scorer:
    """Return what scores the rounds of a task."""
    splits = [targets.test for targets in readable(task, features)]
    clusters: Sequence[list[int] | None] = [None] * len(splits)
    if task.spec.clustered:
        clusters = cluster_numbers(task.targets, splits)
    tests = [
        RoundTest(images=image_digests(ids_of(split, task.dataset)), clusters=numbers)
        for split, numbers in zip(splits, clusters, strict=True)
    ]
    return Scorer(tests, target=task.spec.target, protocol=protocol, more=asked_metrics(task.spec))


def _fits(
    targets: Targets, task: OpenTask, features: Features, protocol: Protocol
) -> Iterator[tuple[LabelledFeatures, LabelledFeatures | None]]:
    """Yield train and validation of each fit: one, or one for each draw of a few images."""
    grouped = protocol.probe.groups is not None and task.spec.clustered

    def labelled(split: Split) -> LabelledFeatures:
        return LabelledFeatures(
            rows=_rows(split, features),
            labels=split.labels,
            ids=ids_of(split, task.dataset),
            groups=known_groups(task.targets, split, task.dataset) if grouped else None,
        )

    for train, validation in fitted_splits(targets, task, protocol):
        yield labelled(train), None if validation is None else labelled(validation)


def _held_groups(train: LabelledFeatures, validation: LabelledFeatures | None) -> int | None:
    held = train.groups if validation is None else validation.groups
    return None if held is None else len(set(held))


def _rows(split: Split, features: Features) -> Rows:
    # Not copied from the memory map: the probe decides what it keeps in memory.
    features.check(split.rows)
    return Rows(features.matrix, split.rows)


def _known(split: Split, task: OpenTask) -> Known:
    return Known(labels=split.labels, ids=ids_of(split, task.dataset), groups=task.targets.groups_of(split))
