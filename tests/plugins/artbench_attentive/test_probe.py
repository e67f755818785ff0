"""The attentive probe: what it finds, what it chooses on, and what it never sees."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from artbench.data import Choosing, Examples, Fitted, Fitting
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.linear import fit_probe
from artbench.protocol import LINEAR_V2
from artbench.runtime.progress import Silent
from artbench_attentive.probe import fit

TRAIN, TEST, TOKENS, WIDTH = 300, 150, 6, 8
QUICK: dict[str, Any] = {
    "pooling": "efficient",
    "queries": 4,
    "batch": 50,
    "warm_up": 0.1,
    "rates": [0.003, 0.03],
    "decays": [0.01],
    "epochs": [2, 20],
}


class Read:
    """Tokens in memory that write down what is asked for, and give all images of an epoch to nobody at once."""

    def __init__(self, tokens: NDArray[np.float32], log: list[str], name: str) -> None:
        self._tokens, self._log, self._name, self.shape = tokens, log, name, tokens.shape[1:]

    def __len__(self) -> int:
        return len(self._tokens)

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        raise AssertionError("tokens are not asked for at once")

    def batches(self, size: int = 256, *, order: NDArray[np.int64] | None = None) -> Iterator[NDArray[np.float32]]:
        assert order is not None
        assert size == QUICK["batch"]
        self._log.append(self._name)
        for start in range(0, len(order), size):
            yield self._tokens[order[start : start + size]]


def _planted() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Images whose class lies in one marked token, and of which another token has the opposite."""
    random = np.random.default_rng(0)
    tokens = random.normal(size=(TRAIN + TEST, TOKENS, WIDTH)).astype(np.float32)
    classes, image = random.integers(0, 2, TRAIN + TEST), np.arange(TRAIN + TEST)
    marked, other = random.permuted(np.tile(np.arange(TOKENS), (TRAIN + TEST, 1)), axis=1)[:, :2].T
    sign = np.where(classes == 1, 4, -4)
    tokens[image, marked, 0] += 6
    tokens[image, marked, 1], tokens[image, other, 1] = sign, -sign
    return tokens, classes


def _fitting(log: list[str] | None = None, **changes: Any) -> Fitting:
    tokens, classes = _planted()
    log = [] if log is None else log

    def examples(rows: NDArray[np.int64], name: str) -> Examples:
        ids = [f"{row}.jpg" for row in rows.tolist()]
        return Examples(features=Read(tokens[rows], log, name), labels=classes[rows], ids=ids)

    rows = np.arange(TRAIN)
    given = Fitting(
        images=examples(rows, "all"),
        folds=(Choosing(fit_on=examples(rows[:250], "fit"), choose_on=examples(rows[250:], "choose")),),
        test=Read(tokens[TRAIN:], log, "test"),
        classes=2,
        answer="class",
        settings=QUICK,
        seed=0,
        device="cpu",
    )
    return replace(given, **changes)


def _accuracy(fitted: Fitted) -> float:
    return float((fitted.outputs.argmax(axis=1) == _planted()[1][TRAIN:]).mean())


@pytest.mark.parametrize("pooling", ["efficient", "aim"])
def test_it_finds_a_class_that_lies_in_one_token_and_the_mean_of_tokens_does_not(pooling: str) -> None:
    tokens, classes = _planted()
    fitted = fit(_fitting(settings={**QUICK, "pooling": pooling, "epochs": [60]}))
    assert _accuracy(fitted) > 0.9
    means = LabelledFeatures(
        rows=Rows(tokens[:TRAIN].mean(axis=1)), labels=classes[:TRAIN], ids=[str(row) for row in range(TRAIN)]
    )
    linear = fit_probe(
        means, None, classes=2, target="single-label", probe=LINEAR_V2.probe, device="cpu", reporter=Silent()
    )
    found = linear.probabilities(Rows(tokens[TRAIN:].mean(axis=1))).argmax(axis=1)
    assert (found == classes[TRAIN:]).mean() < 0.65


def test_settings_are_chosen_on_held_out_images_and_the_test_is_read_once_at_the_end() -> None:
    log: list[str] = []
    fitted = fit(_fitting(log))
    # All settings are trained in the passes of the longest training.
    epochs = fitted.summary["epochs"]
    assert log == ["fit"] * 20 + ["choose"] + ["all"] * epochs + ["test"]
    losses = {(one["rate"], one["epochs"]): one["loss"] for one in fitted.summary["losses"]}
    assert len(losses) == 4
    assert min(losses, key=lambda setting: losses[setting]) == (fitted.summary["rate"], epochs)
    (held,) = fitted.held_out
    probabilities = np.asarray(held.outputs)[np.arange(50), held.labels.astype(np.int64)]
    assert -np.log(probabilities).mean() == pytest.approx(min(losses.values()), abs=1e-5)
    order = np.random.default_rng(1).permutation(TEST)
    other = fit(_fitting(test=Read(_planted()[0][TRAIN:][order], [], "test")))
    assert other.summary == fitted.summary
    assert other.outputs == pytest.approx(fitted.outputs[order], abs=1e-5)


def test_a_seed_gives_the_same_bytes_again_and_another_seed_others() -> None:
    settings = {**QUICK, "epochs": [3]}
    first, again, other = (fit(_fitting(settings=settings, seed=seed)) for seed in (4, 4, 5))
    assert (first.outputs == again.outputs).all()
    assert first.summary == again.summary
    assert not (first.outputs == other.outputs).all()


def test_the_losses_of_folds_are_means_over_all_of_their_images() -> None:
    given = _fitting(settings={**QUICK, "rates": [0.01], "epochs": [2]})
    (fold,) = given.folds
    half = replace(fold, choose_on=_half(fold.choose_on))
    whole, part, both = (fit(replace(given, folds=folds)) for folds in ((fold,), (half,), (fold, half)))
    losses = [one.summary["losses"][0]["loss"] for one in (whole, part, both)]
    assert losses[2] == pytest.approx((50 * losses[0] + 25 * losses[1]) / 75, abs=2e-6)
    assert [len(one.labels) for one in both.held_out] == [50, 25]


def _half(images: Examples) -> Examples:
    tokens = _planted()[0][250:275]
    return Examples(features=Read(tokens, [], "half"), labels=images.labels[:25], ids=images.ids[:25])


def test_without_images_to_choose_on_the_setting_in_the_middle_is_taken() -> None:
    fitted = fit(_fitting(folds=()))
    assert (fitted.summary["rate"], fitted.summary["epochs"], fitted.summary["losses"]) == (0.03, 2, [])
    assert not fitted.held_out


def test_a_training_that_diverges_is_never_chosen() -> None:
    fitted = fit(_fitting(settings={**QUICK, "rates": [0.003, 1e30], "epochs": [2]}))
    assert fitted.summary["rate"] == 0.003
    assert fitted.summary["losses"][1]["loss"] is None or fitted.summary["losses"][1]["loss"] > 1


def test_labels_and_numbers_are_answered_to_in_their_form() -> None:
    given = _fitting(settings={**QUICK, "epochs": [30]})
    classes = _planted()[1]

    def labelled(images: Examples, labels: Any) -> Examples:
        return replace(images, labels=labels[: len(images)] if len(images) != 50 else labels[250:TRAIN])

    def asked(labels: Any, **changes: Any) -> Fitted:
        (fold,) = given.folds
        folds = (Choosing(fit_on=labelled(fold.fit_on, labels), choose_on=labelled(fold.choose_on, labels)),)
        return fit(replace(given, images=labelled(given.images, labels), folds=folds, **changes))

    both = asked(np.stack([classes == 0, classes == 1], axis=1), answer="labels")
    assert both.outputs.shape == (TEST, 2)
    assert _accuracy(both) > 0.9
    years = asked(1700.0 + 100 * classes, answer="number", classes=0)
    assert years.outputs.shape == (TEST,)
    assert np.abs(years.outputs - (1700 + 100 * classes[TRAIN:])).mean() < 25
    assert ((years.outputs > 1750) == (classes[TRAIN:] == 1)).mean() > 0.9
