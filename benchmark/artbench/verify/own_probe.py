"""Fits a plugin's probe again, and compares what it answers with the predictions on record."""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.opening import OpenTask
from artbench.data.outputs import Leading, Outputs
from artbench.encoders.encoder import Encoder
from artbench.errors import ArtbenchError
from artbench.evaluation.rounds import Round, score_rounds
from artbench.explain.sources import CheckedRecord
from artbench.plugins.protocols import own_probe
from artbench.protocol import Protocol
from artbench.records.predictions import StoredPredictions
from artbench.records.publishing import image_digests
from artbench.runtime.findings import Finding, failed, passed
from artbench.runtime.machine import choose_device
from artbench.runtime.progress import Reporter
from artbench.verify.anew import RUN, extracted_anew


def stated_tolerance(protocol: Protocol) -> float:
    """Return by how much answers may differ when the probe of a protocol is fitted again.

    Raises:
        ArtbenchError: It states none, no plugin here registers it, or it needs more than pooled features.
    """
    spec = own_probe(protocol)
    if spec.tolerance is None:
        raise ArtbenchError(
            f"{protocol.name} states no tolerance: its probe can't be fitted again to the same answers", mend=RUN
        )
    if spec.features == "tokens":
        raise ArtbenchError(f"{protocol.name} is fitted on tokens, which verify does not extract", mend=RUN)
    return spec.tolerance


def compare_fits(
    file: Path,
    checked: CheckedRecord,
    task: OpenTask,
    encoder: Encoder,
    *,
    protocol: Protocol,
    tolerance: float,
    reporter: Reporter,
) -> Finding:
    """Extract all images of a task, fit the probe with each of its seeds, and say whether it answers as on record.

    Args:
        file: The record.
        checked: What is in it.
        task: Its task.
        encoder: Its encoder.
        protocol: Its protocol.
        tolerance: By how much a probability may differ; for numbers, an answer as a share of their deviation.
        reporter: Receives progress.
    """
    stored, device, largest = checked.predictions, choose_device(checked.sources.device), 0.0
    with tempfile.TemporaryDirectory(prefix="artbench-verify-") as folder:
        features = extracted_anew(
            checked, task, encoder, task.rows, folder=Path(folder), protocol=protocol, reporter=reporter
        )
        rounds = score_rounds(task, features, protocol=protocol, device=device, reporter=reporter)
        for number, round_ in enumerate(rounds):
            own = stored.rounds == number
            here = image_digests(task.dataset.ids[row] for row in round_.test.rows.tolist())
            if image_digests(stored.images[own]) != here:
                told = f"round {number} has predictions for other images than can be read here"
                return failed(file.name, told, mend=RUN)
            # NaN stays, and is not within.
            largest = float(np.maximum(largest, _gaps(stored, own, round_).max(initial=0)))
    if not largest <= tolerance:
        far = f"by up to {largest:.2g}, where it states {tolerance:g}"
        told = "some answers are no numbers" if np.isnan(largest) else f"it answers otherwise: {far}"
        return failed(file.name, f"the probe of {protocol.name} was fitted again, and {told}", mend=RUN)
    return passed(
        file.name,
        f"{len(stored.images):,} predictions are those of its weights and of the probe of {protocol.name}, fitted "
        f"again with the same seeds, {f'to {largest:.1g}' if largest else 'exactly'}",
    )


def _gaps(stored: StoredPredictions, own: NDArray[np.bool_], round_: Round) -> NDArray[np.float64]:
    """Return by how much each answer of a round differs."""
    outputs = round_.outputs
    assert isinstance(outputs, Leading | np.ndarray)
    if stored.form == "number":
        given = np.asarray(stored.predicted, np.float64)[own]
        answers = np.asarray(outputs, np.float64)[:, 0]
        return np.abs(answers - given) / (float(given.std()) or 1.0)
    assert stored.confidence is not None
    given = stored.confidence[own].astype(np.float64)
    if stored.form == "labels":
        found: NDArray[np.float64] = np.abs(np.asarray(outputs, np.float64) - given).max(axis=1)
        return found
    assert stored.predicted is not None
    return np.abs(_chance_of(outputs, stored.predicted[own].astype(np.int64)) - given)


def _chance_of(outputs: Outputs, classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the probability of one class of each image; 0 if it is not among the leading ones."""
    assert isinstance(outputs, Leading)
    found: NDArray[np.float64] = np.where(outputs.classes == classes[:, None], outputs.probabilities, 0).sum(axis=1)
    return found
