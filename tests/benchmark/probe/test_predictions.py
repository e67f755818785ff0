"""What the probe is asked as users ask it: features on disk, of which memory need not hold all at once."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from artbench.data.outputs import Leading
from artbench.data.targets import Labels
from artbench.probe import features as features_module
from artbench.probe import knn as neighbours_module
from artbench.probe import objective as objective_module
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.predictions import Predictions, predict
from artbench.protocol import LINEAR_V1, Protocol
from artbench.runtime.progress import Silent
from artbench.specs import TargetKind
from tests.support.probe_features import classed, tagged

TWO_PENALTIES = replace(LINEAR_V1, probe=replace(LINEAR_V1.probe, grid=(1.0, 10.0)))


def answered(
    part: LabelledFeatures, test: Rows, target: TargetKind, *, cut: int | None, protocol: Protocol = TWO_PENALTIES
) -> Predictions:
    """Fitted on a part, of which what is beyond the cut is the validation split."""
    every = np.arange(len(part))
    return predict(
        part if cut is None else part.select(every[:cut]),
        None if cut is None else part.select(every[cut:]),
        test,
        classes={"single-label": 4, "multi-label": 5, "year": 0}[target],
        target=target,
        protocol=protocol,
        device="cpu",
        reporter=Silent(),
    )


@pytest.mark.parametrize("target", ["single-label", "multi-label", "year"])
def test_features_are_read_in_blocks_where_memory_does_not_hold_them(
    target: TargetKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tagged(8_000, width=128) if target == "multi-label" else classed(8_000, width=128)
    labels: Labels = 1600 + 10 * made.labels.astype(np.float64) if target == "year" else made.labels
    np.save(tmp_path / "features.npy", made.rows.features)
    matrix = np.load(tmp_path / "features.npy", mmap_mode="r")
    order = np.random.default_rng(0).permutation(8_000)
    part = LabelledFeatures(rows=Rows(matrix, order[:6_000]), labels=labels[order[:6_000]], ids=made.ids[:6_000])
    for module in (features_module, objective_module):
        monkeypatch.setattr(module, "free_bytes", lambda device: 0)
    monkeypatch.setattr(features_module, "_BLOCK", 1 << 14)
    monkeypatch.setattr(neighbours_module, "_LOT", 500)
    monkeypatch.setattr(neighbours_module, "_BLOCK", 1 << 17)
    protocol = TWO_PENALTIES.for_years() if target == "year" else TWO_PENALTIES
    size = matrix.nbytes
    tracemalloc.start()
    try:
        answered(part, Rows(matrix, order[6_000:]), target, cut=5_000, protocol=protocol)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < size / 2


@pytest.mark.parametrize("target", ["single-label", "multi-label"])
def test_images_anywhere_in_a_matrix_are_answered_as_by_themselves(target: TargetKind) -> None:
    made = (tagged if target == "multi-label" else classed)(400)
    first, last = np.split(np.random.default_rng(0).permutation(400), [300])
    some = LabelledFeatures(rows=made.rows.select(first), labels=made.labels[first], ids=made.ids[:300])
    alone = replace(some, rows=Rows(made.rows.features[first]))
    for cut in (None, 250):
        one = answered(some, made.rows.select(last), target, cut=cut)
        other = answered(alone, Rows(made.rows.features[last]), target, cut=cut)
        for ours, theirs in ((one.outputs, other.outputs), (one.neighbours, other.neighbours)):
            one_of, other_of = (vars(o) if isinstance(o, Leading) else {"all": o} for o in (ours, theirs))
            assert one_of.keys() == other_of.keys()
            assert all(np.array_equal(one_of[name], other_of[name]) for name in one_of)
