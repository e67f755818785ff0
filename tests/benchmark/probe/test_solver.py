"""The solver finds the minimum that scikit-learn finds, and says so when it does not."""

import threading
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from artbench.data.targets import Labels
from artbench.errors import ArtbenchError
from artbench.probe import objective as objective_module
from artbench.probe import penalty as path_module
from artbench.probe import penalty as strand_module
from artbench.probe import solver as solver_module
from artbench.probe.features import LabelledFeatures, Rows, Scaling, Standardised
from artbench.probe.objective import Evaluation, Objective, Sigmoids, Softmax
from artbench.probe.penalty import PenaltyPath
from artbench.probe.preconditioner import Eigenbasis, Preconditioner
from artbench.probe.solver import Solution, solve
from artbench.specs import TargetKind
from tests.support.probe_features import classed, tagged, z_scores

PENALTIES = (10.0, 0.1, 1e-3, 1e-5)


@pytest.fixture(scope="module", autouse=True)
def _shared_out() -> Iterator[None]:
    """Features as few as these are shared out to threads too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objective_module, "_FEW", 0)
        yield


def objective_of(part: LabelledFeatures) -> tuple[Objective, Standardised]:
    rows = [Rows(part.rows.features)]
    features = Standardised(rows, scaling=Scaling.of(rows, ids=part.ids), device="cpu", outputs=4)
    labels = torch.from_numpy(part.labels)
    losses = Sigmoids(labels) if labels.ndim == 2 else Softmax(labels, int(labels.max()) + 1)
    return Objective(features, losses, threads=2), features


def solved(part: LabelledFeatures, *, l2: float, tolerance: float = 1e-6, most: int = 1000) -> Solution:
    objective, features = objective_of(part)
    start = torch.zeros(features.width + 1, len(objective.losses.start()), dtype=torch.float64)
    preconditioner = Preconditioner(Eigenbasis.of(features), objective.curvature(start), l2=l2)
    return solve(objective, start, preconditioner, l2=l2, tolerance=tolerance, most_evaluations=most)


def softmax_objective(
    scores: NDArray[np.float64], labels: Labels, weight: NDArray[Any], bias: NDArray[Any], *, l2: float
) -> float:
    logits = scores @ weight + bias
    top = logits.max(axis=1)
    losses = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top - logits[np.arange(len(labels)), labels]
    return float(losses.mean() + l2 / 2 * np.square(weight).sum())


def path(part: LabelledFeatures, *, classes: int, target: TargetKind, tolerance: float = 1e-6) -> PenaltyPath:
    return PenaltyPath([part], classes=classes, target=target, tolerance=tolerance, device="cpu")


@pytest.mark.parametrize("n", [300, 30], ids=["more images than features", "fewer"])
def test_a_softmax_is_fitted_as_well_as_scikit_learn_fits_it(n: int) -> None:
    part, test = classed(n, width=40), classed(200, width=40, seed=1)
    scores, unseen = z_scores(part.rows.features, part.rows.features), z_scores(part.rows.features, test.rows.features)
    fits = path(part, classes=4, target="single-label")
    for l2 in PENALTIES:
        weight, bias = fits.at(l2)
        peer = LogisticRegression(C=1 / (n * l2), tol=1e-9, max_iter=100_000).fit(scores, part.labels)
        scale = part.rows.features.std(axis=0, dtype=np.float64)
        mean = part.rows.features.mean(axis=0, dtype=np.float64)
        own = softmax_objective(scores, part.labels, weight * scale[:, None], bias + mean @ weight, l2=l2)
        other = softmax_objective(scores, part.labels, peer.coef_.T, peer.intercept_, l2=l2)
        assert own <= other * (1 + 1e-9)
        np.testing.assert_array_equal((test.rows.features @ weight + bias).argmax(axis=1), peer.predict(unseen))
    assert fits.converged


@pytest.mark.integration
@pytest.mark.parametrize("bound", ["diagonal", "memory", "anchor"])
def test_with_little_memory_the_weights_are_the_same(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    part = classed(300, width=40)
    usual = path(part, classes=4, target="single-label", tolerance=1e-8)
    expected = [usual.at(l2) for l2 in PENALTIES]
    if bound == "diagonal":
        monkeypatch.setattr(objective_module, "_MOST_ROTATED", 3)
    elif bound == "anchor":
        monkeypatch.setattr(objective_module, "free_bytes", lambda device: 9 * 300 * 4)
    else:
        # For the weights of 4 classes, of which 18 copies are taken and 3 for each step.
        monkeypatch.setattr(solver_module, "free_bytes", lambda device: 2 * 8 * 41 * 4 * (18 + 3 * 3))
    little = path(part, classes=4, target="single-label", tolerance=1e-8)
    for l2, wanted in zip(PENALTIES, expected, strict=True):
        for one, other in zip(little.at(l2), wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6 * np.abs(other).max())
    assert little.converged
    # As a sign that it was used: another way to the same point.
    others = [little.at(l2)[0] for l2 in PENALTIES], [usual.at(l2)[0] for l2 in PENALTIES]
    assert not np.array_equal(*others)


def test_weights_for_which_the_memory_is_too_small_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_module, "free_bytes", lambda device: 1000)
    with pytest.raises(ArtbenchError, match="fitting 40 features to 4 classes takes"):
        path(classed(300, width=40), classes=4, target="single-label")


def test_labels_get_the_same_weights_however_they_are_grouped(monkeypatch: pytest.MonkeyPatch) -> None:
    part = tagged(300, width=40)
    together = path(part, classes=5, target="multi-label", tolerance=1e-7)
    monkeypatch.setattr(path_module, "_LABELS", 2)
    apart = path(part, classes=5, target="multi-label", tolerance=1e-7)
    for l2 in PENALTIES:
        for one, other in zip(together.at(l2), apart.at(l2), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6 * np.abs(other).max())
    assert together.converged
    assert apart.converged


def test_when_some_labels_fail_the_others_are_not_solved_to_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    passes, running = 0, Event()

    def solve_(objective: Objective, start: torch.Tensor, *others: Any, l2: float, **more: Any) -> None:
        nonlocal passes
        if not running.is_set():
            # The group that comes first goes on until it is stopped.
            running.set()
            for _ in range(20_000):
                passes += 1
                objective.anchor(start, l2=l2)
            return
        raise MemoryError("as good as any")

    monkeypatch.setattr(path_module, "usable_cores", lambda: 2)
    monkeypatch.setattr(path_module, "_LABELS", 3)
    monkeypatch.setattr(strand_module, "solve", solve_)
    fits = path(tagged(60), classes=5, target="multi-label")
    with pytest.raises(MemoryError):
        fits.at(1.0)
    assert passes < 20_000
    assert not any(thread.name.startswith("artbench-labels") for thread in threading.enumerate())


def test_anchors_that_are_kept_at_once_share_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    part = tagged(200)
    rows = [Rows(part.rows.features)]
    features = Standardised(rows, scaling=Scaling.of(rows, ids=part.ids), device="cpu", outputs=5)
    # A quarter of it holds one anchor and not two.
    monkeypatch.setattr(objective_module, "free_bytes", lambda device: 4 * 16 * 200 * 5 + 4)
    point = torch.zeros(features.width + 1, 5, dtype=torch.float64)
    found = []
    # Whole, in float32, and none.
    for beside in (1, 2, 16):
        objective = Objective(features, Sigmoids(torch.from_numpy(part.labels)), threads=1, beside=beside)
        objective.anchor(point, l2=0.1)
        found.append(objective.at(point + 0.01, l2=0.1))
        assert found[-1].exact == (beside == 16)
    for one in found[:2]:
        torch.testing.assert_close(one.value, found[2].value, rtol=1e-7, atol=0)
        torch.testing.assert_close(one.gradient, found[2].gradient, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("n", [300, 30], ids=["more images than features", "fewer"])
def test_each_sigmoid_is_the_one_scikit_learn_fits_for_that_label_alone(n: int) -> None:
    part = tagged(n, width=40)
    scores = z_scores(part.rows.features, part.rows.features)
    fits = path(part, classes=5, target="multi-label", tolerance=1e-7)
    for l2 in PENALTIES:
        weight, bias = fits.at(l2)
        for label in range(5):
            # Newton's method, whose steps few features make exact; L-BFGS takes a hundred times as long.
            peer = LogisticRegression(C=1 / (n * l2), tol=1e-9, solver="newton-cholesky")
            peer.fit(scores, part.labels[:, label])
            expected = scores @ peer.coef_[0] + peer.intercept_[0]
            np.testing.assert_allclose(
                part.rows.features @ weight[:, label] + bias[label], expected, atol=2e-4 * (1 + np.abs(expected).max())
            )
    assert fits.converged


def test_a_label_gets_the_same_sigmoid_alone_and_among_others() -> None:
    part = tagged(200, labels=6)
    together, _ = path(part, classes=6, target="multi-label").at(1e-3)
    for label in range(6):
        only = LabelledFeatures(rows=part.rows, labels=part.labels[:, [label]], ids=part.ids)
        alone, _ = path(only, classes=1, target="multi-label").at(1e-3)
        np.testing.assert_allclose(together[:, [label]], alone, rtol=1e-4, atol=1e-6 * np.abs(alone).max())


@settings(max_examples=20, deadline=None)
@given(l2=st.sampled_from(PENALTIES), seed=st.integers(0, 1000), multi=st.booleans())
def test_the_gradient_is_the_slope_of_the_objective(l2: float, seed: int, multi: bool) -> None:
    objective, features = objective_of((tagged if multi else classed)(40, width=6, seed=seed))
    shape = (features.width + 1, len(objective.losses.start()))
    random = torch.Generator().manual_seed(seed)
    point, direction = (torch.randn(shape, generator=random, dtype=torch.float64) for _ in range(2))
    ahead, behind = (objective.anchor(point + sign * 1e-5 * direction, l2=l2).value.sum() for sign in (1, -1))
    slope = (objective.anchor(point, l2=l2).gradient * direction).sum()
    assert float(slope) == pytest.approx(float((ahead - behind) / 2e-5), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("multi", [False, True])
def test_near_its_anchor_a_fast_pass_is_nearly_as_exact_as_a_slow_one(multi: bool) -> None:
    objective, features = objective_of((tagged if multi else classed)(400, width=30))
    shape = (features.width + 1, len(objective.losses.start()))
    random = torch.Generator().manual_seed(0)
    point, direction = (torch.randn(shape, generator=random, dtype=torch.float64) for _ in range(2))
    for way in (1e-1, 1e-3, 1e-5):
        near = point + way * direction
        exact = objective.anchor(near, l2=0.01)
        objective.anchor(point, l2=0.01)
        fast = objective.at(near, l2=0.01)
        assert exact.exact
        assert not fast.exact
        assert float((fast.gradient - exact.gradient).abs().max()) < 1e-6 * way
        assert float((fast.value - exact.value).abs().max()) < 1e-6 * way


def test_the_curvature_is_the_change_of_the_gradient_by_the_intercepts() -> None:
    for part in (classed(50, width=6), tagged(50, width=6)):
        objective, features = objective_of(part)
        outputs = len(objective.losses.start())
        point = torch.randn(features.width + 1, outputs, generator=torch.Generator().manual_seed(0)).double()
        curvature = objective.curvature(point)
        full = curvature if curvature.ndim == 2 else curvature.diag()
        for one in range(outputs):
            moved = [point.clone(), point.clone()]
            moved[0][-1, one] += 1e-5
            moved[1][-1, one] -= 1e-5
            ahead, behind = (objective.anchor(p, l2=0.1).gradient[-1] for p in moved)
            torch.testing.assert_close((ahead - behind) / 2e-5, full[one], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("l2", PENALTIES)
def test_converged_weights_are_within_the_tolerance_of_the_exact_ones(l2: float) -> None:
    part = classed(200)
    exact = solved(part, l2=l2, tolerance=1e-10).point[:-1]
    rough = solved(part, l2=l2, tolerance=1e-2)
    assert rough.converged
    assert float((rough.point[:-1] - exact).norm() / exact.norm()) <= 1.02e-2


@pytest.mark.parametrize("make", [classed, tagged])
def test_nothing_counts_as_solved_before_float64_says_so(
    make: Callable[..., LabelledFeatures], monkeypatch: pytest.MonkeyPatch
) -> None:
    exact: list[bool] = []
    for name in ("anchor", "at"):
        plain = getattr(Objective, name)

        def told(self: Objective, *args: Any, plain: Any = plain, **kwargs: Any) -> Evaluation:
            found: Evaluation = plain(self, *args, **kwargs)
            exact.append(found.exact)
            return found

        monkeypatch.setattr(Objective, name, told)
    assert solved(make(200), l2=0.1).converged
    assert not all(exact)
    assert exact[-1]


def test_too_few_evaluations_are_reported() -> None:
    for part in (classed(200), tagged(200)):
        assert not solved(part, l2=1e-4, most=3).converged
        assert solved(part, l2=1e-4, most=3).evaluations <= 3 + 31
        assert solved(part, l2=1e-4).converged


def test_one_sigmoid_that_did_not_converge_is_reported_among_those_that_did() -> None:
    part = tagged(200, labels=8)
    # Labels that hold for nearly no image or by a coin are solved sooner than one that the features tell exactly.
    part.labels[:, 0] = part.rows.features[:, 0] > np.median(part.rows.features[:, 0])
    part.labels[:, 1:] = np.random.default_rng(0).random((200, 7)) < 0.5
    needed = solved(part, l2=1e-5).evaluations
    assert not solved(part, l2=1e-5, most=needed - 2).converged


def test_a_warm_start_leads_to_where_a_cold_one_does() -> None:
    for part, target in ((classed(200), "single-label"), (tagged(200), "multi-label")):
        warm = path(part, classes=part.labels.shape[1] if part.labels.ndim == 2 else 4, target=target)
        for l2 in PENALTIES:
            weight, bias = warm.at(l2)
            cold = path(part, classes=len(bias), target=target)
            cold_weight, cold_bias = cold.at(l2)
            np.testing.assert_allclose(weight, cold_weight, rtol=1e-3, atol=1e-5 * np.abs(cold_weight).max())
            np.testing.assert_allclose(bias, cold_bias, rtol=1e-3, atol=1e-4)
