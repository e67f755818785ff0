"""From a record's probe to answers: calibrated, with thresholds or intervals, and what they cost on its test."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.catalogue.answers import Answers, ClassAnswers, LabelAnswers, NumberAnswers, separator_of
from artbench.catalogue.calibration import fitted_temperature, log_loss
from artbench.catalogue.coverage import margin_of
from artbench.catalogue.evidence import Evidence, clusters_of, evidence_of, rows_of_test, share_of, tested
from artbench.catalogue.precision import CONFIDENCE, Judged, choose_threshold, reachable
from artbench.errors import ArtbenchError
from artbench.explain.refit import RefittedTask
from artbench.plugins.known import form_of
from artbench.probe.linear import FittedProbe, outputs_of, probabilities_of
from artbench.probe.out_of_fold import HeldOutFold
from artbench.probe.ridge import FittedRidge
from artbench.records.publishing import image_digests
from artbench.stats.metrics import METRICS, best_thresholds, score


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """What a probe answers, and what is known of it.

    Attributes:
        answers: What it answers to pictures.
        facts: How thresholds or intervals were chosen, and what they cost on the test, for JSON.
    """

    answers: Answers
    facts: Mapping[str, Any]


def calibrated(refitted: RefittedTask, *, precision: float | None, coverage: float) -> Calibrated:
    """Calibrate the probe of a record on out-of-fold predictions for train and validation, and measure it on the test.

    The test chooses nothing.

    Args:
        refitted: The record, with its probe.
        precision: Share of right answers to keep, in (0, 1); None: every picture gets its most probable class.
        coverage: Share of pictures whose number should lie in its interval, in (0, 1).

    Raises:
        ArtbenchError: There are too few images for the precision or the coverage.
    """
    known = evidence_of(refitted)
    if isinstance(refitted.probe, FittedRidge):
        return _numbers(refitted, refitted.probe, known, coverage)
    temperature = fitted_temperature(known.folds, known.images.labels, target=refitted.probe.target)
    by_form = _classes if form_of(refitted.probe.target) == "class" else _labels
    return by_form(refitted, refitted.probe, known, temperature, precision)


def _classes(
    refitted: RefittedTask, probe: FittedProbe, known: Evidence, temperature: float, precision: float | None
) -> Calibrated:
    answers = ClassAnswers(
        weight=probe.weight / temperature,
        bias=probe.bias / temperature,
        target=probe.target,
        classes=refitted.task.targets.classes,
    )
    facts: dict[str, Any] = {"temperature": temperature, "calibrated_on": len(known.judged)}
    if precision is not None:
        parts = [_leading(fold, temperature, probe.target) for fold in known.folds]
        numbers = np.concatenate([np.empty(0, np.int64), *(part[0] for part in parts)])
        confidence = np.concatenate([np.empty(0, np.float32), *(part[1] for part in parts)])
        judged = known.judgement(confidence, numbers == known.images.labels[known.judged])
        chosen = choose_threshold(judged, precision=precision)
        if not chosen.answers:
            best = reachable(judged, below=precision)
            raise _out_of_reach(refitted, precision, len(judged), best)
        answers = replace(answers, threshold=chosen.value)
        facts["precision"] = {
            "asked": precision,
            "confidence": CONFIDENCE,
            "threshold": chosen.value,
            "chosen_on": len(judged),
            "answered": chosen.answers,
            "right": chosen.right,
        }
    labels, found = refitted.test.labels.astype(np.int64), answers.leading(rows_of_test(refitted))
    judged_test = tested(refitted, found.probabilities[:, 0], found.classes[:, 0] == labels)
    calibration = METRICS["expected_calibration_error"]
    after = probabilities_of(rows_of_test(refitted), answers.weight, answers.bias, probe.target)
    facts["test"] = {
        "images": len(labels),
        "accuracy": share_of(judged_test),
        "log_loss": {"before": log_loss(refitted.outputs, labels), "after": log_loss(after, labels)},
        "calibration_error": {
            "before": score(calibration, labels, refitted.outputs),
            "after": score(calibration, labels, found),
        },
    }
    if precision is not None:
        kept = np.flatnonzero(judged_test.confidence >= answers.threshold)
        facts["test"] |= {"answered": len(kept), "precision": share_of(judged_test.select(kept))}
    return Calibrated(answers=answers, facts=facts)


def _leading(fold: HeldOutFold, temperature: float, target: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return class and probability of the images of a fold that could be judged."""
    found = outputs_of(fold.rows, fold.weight / temperature, fold.bias / temperature, target)
    assert not isinstance(found, np.ndarray)
    return found.classes[fold.judged, 0], found.probabilities[fold.judged, 0].astype(np.float32)


def _out_of_reach(refitted: RefittedTask, precision: float, images: int, best: float | None) -> ArtbenchError:
    better = "take a record of a better encoder or of more images"
    return ArtbenchError(
        f"no threshold keeps {precision:.4g} of the answers right with a confidence of {CONFIDENCE:.0%}, on the "
        f"{images:,} images that {refitted.record.task} trains on",
        mend=better.capitalize() if best is None else f"Ask for {best:.2f} or less, or {better}",
    )


def _labels(
    refitted: RefittedTask, probe: FittedProbe, known: Evidence, temperature: float, precision: float | None
) -> Calibrated:
    classes = refitted.task.targets.classes
    weight, bias = probe.weight / temperature, probe.bias / temperature
    facts: dict[str, Any] = {"temperature": temperature, "calibrated_on": len(known.judged)}
    held = [
        probabilities_of(fold.rows, fold.weight / temperature, fold.bias / temperature, probe.target)
        for fold in known.folds
    ]
    guesses = np.concatenate([np.empty((0, len(classes)), np.float32), *held])
    labels = known.images.labels[known.judged].astype(bool)
    if precision is None:
        one = best_thresholds(labels, guesses, target=probe.target).get("micro_f1", 0.5) if len(labels) else 0.5
        thresholds = np.full(len(classes), one)
        facts["threshold"] = one
    else:
        judged = known.judgement(np.zeros(len(labels)), np.zeros(len(labels), bool))
        chosen = [
            choose_threshold(replace(judged, confidence=guesses[:, at], right=labels[:, at]), precision=precision)
            for at in range(len(classes))
        ]
        thresholds = np.array([one.value for one in chosen])
        silent = [name for name, one in zip(classes, chosen, strict=True) if not one.answers]
        if len(silent) == len(classes):
            raise _out_of_reach(refitted, precision, len(labels), None)
        facts["precision"] = {
            "asked": precision,
            "confidence": CONFIDENCE,
            "chosen_on": len(labels),
            "thresholds": {name: one.value for name, one in zip(classes, chosen, strict=True) if one.answers},
            "never_given": silent,
        }
    answers = LabelAnswers(
        weight=weight,
        bias=bias,
        target=probe.target,
        classes=classes,
        thresholds=thresholds,
        separator=separator_of(classes),
    )
    found, truth = answers.probabilities(rows_of_test(refitted)), refitted.test.labels.astype(bool)
    image, label = np.nonzero(found >= thresholds)
    digests = image_digests([refitted.image(at) for at in range(len(truth))])
    places, groups = image.tolist(), clusters_of(refitted, refitted.test)
    given = Judged(
        confidence=found[image, label],
        right=truth[image, label],
        images=[f"{digests[at]} {number}" for at, number in zip(places, label.tolist(), strict=True)],
        # What is said of one image is not independent.
        clusters=places if groups is None else [groups[at] for at in places],
    )
    facts["test"] = {
        "images": len(truth),
        "log_loss": {"before": log_loss(refitted.outputs, truth), "after": log_loss(found, truth)},
        "labels_given": len(given),
        "precision": share_of(given),
        "recall": float(given.right.sum() / max(1, truth.sum())),
        "without_label": int((~(found >= thresholds).any(axis=1)).sum()),
    }
    return Calibrated(answers=answers, facts={**facts, "separator": answers.separator})


def _numbers(refitted: RefittedTask, probe: FittedRidge, known: Evidence, coverage: float) -> Calibrated:
    labels = known.images.labels.astype(np.float64)
    margin = margin_of(known.folds, labels, coverage=coverage)
    if margin is None:
        raise ArtbenchError(
            f"intervals that hold {coverage:.4g} of the time take more than the {len(labels):,} images that "
            f"{refitted.record.task} trains on",
            mend="Give a lower --coverage",
        )
    answers = NumberAnswers(weight=probe.weight, bias=probe.bias, target=refitted.task.spec.target, margin=margin)
    values, low, high = answers.ends(rows_of_test(refitted))
    truth = refitted.test.labels.astype(np.float64)
    inside = tested(refitted, values, (truth >= low) & (truth <= high))
    facts = {
        "coverage": {"asked": coverage, "margin": answers.margin, "chosen_on": len(labels)},
        "test": {
            "images": len(truth),
            "coverage": share_of(inside),
            "mean_absolute_error": float(np.abs(values - truth).mean()),
        },
    }
    return Calibrated(answers=answers, facts=facts)
