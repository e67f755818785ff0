"""Fits a plugin's probe again, and compares what it answers with the predictions on record.

A probe that states a tolerance has to answer within it to every image. One that states none, such as the attentive
ones, depends on the order of sums: but what another machine makes of a seed is far below what another seed makes. So
its answers may differ, on average, by half of what those of two seeds differ by here, and so may the classes: then one
seed of three may even have chosen another setting there.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.opening import OpenTask
from artbench.data.outputs import Leading, Outputs
from artbench.encoders.encoder import Encoder
from artbench.errors import ArtbenchError
from artbench.evaluation.rounds import Round, score_rounds
from artbench.evaluation.tokens import token_rows
from artbench.explain.sources import CheckedRecord
from artbench.features.extract_tokens import extract_tokens
from artbench.plugins.protocols import own_probe
from artbench.probe.own import Pooled, Sees
from artbench.protocol import Protocol
from artbench.records.predictions import StoredPredictions
from artbench.records.publishing import image_digests
from artbench.runtime.findings import Finding, failed, passed
from artbench.runtime.machine import choose_device
from artbench.runtime.progress import Reporter
from artbench.specs import AnswerForm, ProtocolSpec
from artbench.verify.anew import RUN, extracted_anew, recorded_dtype

# Which share of what two seeds differ by another machine may make of one.
_SHARE = 0.5
# So many images of a round may be of another class where no two seeds differ.
_FEW = 2
# What is left of no difference at all.
_ROUNDING = 1e-6


def probe_to_fit(protocol: Protocol) -> ProtocolSpec:
    """Return what registered the probe of a protocol.

    Raises:
        ArtbenchError: No plugin here registers it; or it states no tolerance, and one seed shows no other.
    """
    spec = own_probe(protocol)
    if spec.tolerance is None and len(spec.seeds) < 2:
        raise ArtbenchError(
            f"{protocol.name} states no tolerance and has one seed: nothing tells by how much its fits may differ",
            mend=RUN,
        )
    return spec


def compare_fits(
    file: Path,
    checked: CheckedRecord,
    task: OpenTask,
    encoder: Encoder,
    *,
    spec: ProtocolSpec,
    reporter: Reporter,
) -> Finding:
    """Extract all images of a task, fit the probe with each of its seeds, and say whether it answers as on record.

    Args:
        file: The record.
        checked: What is in it.
        task: Its task.
        encoder: Its encoder.
        spec: What registered its probe.
        reporter: Receives progress.
    """
    stored, device, protocol = checked.predictions, choose_device(checked.sources.device), spec.protocol
    count = max(1, len(checked.record.rounds))
    often = "once" if count == 1 else f"{count} times"
    reporter.notice(
        f"{task.spec.name}: all images are extracted, and the probe of {spec.name} is fitted {often}, as in the run"
    )
    rounds: list[Round] = []
    with tempfile.TemporaryDirectory(prefix="artbench-verify-") as folder:
        features = extracted_anew(
            checked, task, encoder, task.rows, folder=Path(folder), protocol=protocol, reporter=reporter
        )
        sees: Sees = Pooled
        if spec.features == "tokens":
            tokens = extract_tokens(
                encoder,
                task.dataset,
                features,
                picture=protocol.picture,
                cache=Path(folder),
                device=device,
                dtype=recorded_dtype(checked.record, device),
                reporter=reporter,
            )
            sees = partial(token_rows, tokens)
        for number, round_ in enumerate(
            score_rounds(task, features, protocol=protocol, device=device, reporter=reporter, sees=sees)
        ):
            here = image_digests(task.dataset.ids[row] for row in round_.test.rows.tolist())
            if image_digests(stored.images[stored.rounds == number]) != here:
                told = f"round {number} has predictions for other images than can be read here"
                return failed(file.name, told, mend=RUN)
            rounds.append(round_)
    given = [_Answers.stored(stored, stored.rounds == number) for number in range(len(rounds))]
    gaps = [_gaps(one, round_) for one, round_ in zip(given, rounds, strict=True)]
    if spec.tolerance is not None:
        # NaN stays, and is not within.
        found, limit = float(np.max([gap.max(initial=0) for gap in gaps])), spec.tolerance
        how, allowed = "up to", f"it states {limit:g}"
    else:
        found, between = float(np.mean([gap.mean() for gap in gaps])), _between(rounds, len(spec.seeds), stored.form)
        limit = max(_SHARE * between, _ROUNDING)
        how, allowed = "on average", f"two seeds differ by {between:.2g} here"
    if not found <= limit:
        far = f"it answers otherwise: by {how} {found:.2g}, where {allowed}"
        told = "some answers are no numbers" if np.isnan(found) else far
        return failed(file.name, f"the probe of {protocol.name} was fitted again, and {told}", mend=RUN)
    if spec.tolerance is None and stored.form == "class":
        others, between = classes_apart(stored, rounds, len(spec.seeds))
        if others > max(_SHARE * between, _FEW / len(rounds[0].test)):
            told = f"{others:.1%} of the classes are others, where those of two seeds are {between:.1%} here"
            return failed(file.name, f"the probe of {protocol.name} was fitted again, and {told}", mend=RUN)
    near = f"to {found:.1g}" if found else "exactly"
    exactly = near if spec.tolerance is not None else f"{near} on average, where {allowed}"
    return passed(
        file.name,
        f"{len(stored.images):,} predictions are those of its weights and of the probe of {protocol.name}, fitted "
        f"again with the same seeds, {exactly}",
    )


@dataclass(frozen=True, kw_only=True)
class _Answers:
    """Answers to the test images of a round, as `StoredPredictions` has them."""

    form: AnswerForm
    predicted: NDArray[np.generic] | None
    confidence: NDArray[np.float32] | None

    @classmethod
    def stored(cls, stored: StoredPredictions, own: NDArray[np.bool_]) -> "_Answers":
        predicted, confidence = stored.predicted, stored.confidence
        return cls(
            form=stored.form,
            predicted=None if predicted is None else predicted[own],
            confidence=None if confidence is None else confidence[own],
        )

    @classmethod
    def made(cls, round_: Round, form: AnswerForm) -> "_Answers":
        outputs = _outputs(round_)
        if isinstance(outputs, Leading):
            return cls(form=form, predicted=outputs.classes[:, 0], confidence=outputs.probabilities[:, 0])
        if form == "number":
            return cls(form=form, predicted=outputs[:, 0], confidence=None)
        return cls(form=form, predicted=None, confidence=outputs)


def _between(rounds: Sequence[Round], seeds: int, form: AnswerForm) -> float:
    """Return by how much answers of two seeds of a split differ on average."""
    answers = [_Answers.made(round_, form) for round_ in rounds]
    return float(np.mean([_gaps(answers[one], rounds[other]).mean() for one, other in _two_seeds(len(rounds), seeds)]))


def _two_seeds(rounds: int, seeds: int) -> Iterator[tuple[int, int]]:
    """Yield the numbers of two rounds that differ in their seed alone; those of a split follow each other."""
    for start in range(0, rounds, seeds):
        yield from combinations(range(start, start + seeds), 2)


def _gaps(given: _Answers, round_: Round) -> NDArray[np.float64]:
    """Return by how much each answer of a round differs: a probability, or a number as a share of their deviation."""
    outputs = _outputs(round_)
    if given.form == "number":
        numbers, here = np.asarray(given.predicted, np.float64), np.asarray(outputs, np.float64)[:, 0]
        # That of the answers here, which nobody has sent.
        return np.abs(here - numbers) / (float(here.std()) or 1.0)
    assert given.confidence is not None
    chances = given.confidence.astype(np.float64)
    if given.form == "labels":
        found: NDArray[np.float64] = np.abs(np.asarray(outputs, np.float64) - chances).max(axis=1)
        return found
    assert given.predicted is not None
    assert isinstance(outputs, Leading)
    return gaps_of_classes(given.predicted.astype(np.int64), chances, outputs)


def classes_apart(stored: StoredPredictions, rounds: Sequence[Round], seeds: int) -> tuple[float, float]:
    """Return the share of classes on record that are others here, and that by which two seeds of a split differ."""
    assert stored.predicted is not None
    here = [_leading(round_) for round_ in rounds]
    given = [stored.predicted[stored.rounds == number] for number in range(len(rounds))]
    between = [(here[one] != here[other]).mean() for one, other in _two_seeds(len(rounds), seeds)]
    return float(np.mean([(one != own).mean() for one, own in zip(given, here, strict=True)])), float(np.mean(between))


def _leading(round_: Round) -> NDArray[np.integer]:
    outputs = _outputs(round_)
    assert isinstance(outputs, Leading)
    return outputs.classes[:, 0]


def gaps_of_classes(
    predicted: NDArray[np.int64], confidence: NDArray[np.float64], here: Leading
) -> NDArray[np.float64]:
    """Return by how much the probability of each predicted class differs, and that of the class which leads here.

    A class that does not lead is not a prediction, whatever is said truly of its probability.

    Args:
        predicted: Predicted class of each image, int64, shape (n,).
        confidence: Its probability on record, float64, shape (n,).
        here: Probabilities here; a class that is not among the leading ones has none.
    """
    chances = np.where(here.classes == predicted[:, None], here.probabilities, 0).sum(axis=1)
    found: NDArray[np.float64] = np.abs(np.stack([chances, here.probabilities[:, 0]]) - confidence).max(axis=0)
    return found


def _outputs(round_: Round) -> Outputs:
    assert isinstance(round_.outputs, Leading | np.ndarray)
    return round_.outputs
