"""A plugin for tests: protocols with probes of their own, good ones and bad ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench import hookimpl
from artbench.data import Examples, FeatureRows, Fitted, Fitting, HeldOut
from artbench.specs import AnswerForm, ProtocolSpec

EVERY: tuple[AnswerForm, ...] = ("class", "labels", "number")


@hookimpl
def register_protocols(register: Callable[[ProtocolSpec], None]) -> None:
    def protocol(name: str, probe: Callable[[Fitting], Fitted], **rest: Any) -> None:
        register(ProtocolSpec(name=name, description="For tests.", probe=probe, **rest))

    noisy: dict[str, Any] = {"seeds": (3, 5), "settings": {"noise": 0.01}, "check": check_means}
    protocol("means-v1", means, answers=EVERY, tolerance=0.01, **noisy)
    protocol("loose-v1", means, answers=EVERY, **noisy)
    protocol("placed-v1", means, features="tokens", **noisy)
    protocol("free-v1", means, answers=EVERY)
    protocol("broken-v1", broken)
    for name, outputs in WRONG.items():
        protocol(f"{name}-v1", lambda given, outputs=outputs: Fitted(outputs=outputs(given)))  # type: ignore[misc]
    for name, summary in UNFIT.items():
        protocol(f"{name}-v1", lambda given, summary=summary: Fitted(outputs=chances(given), summary=summary))  # type: ignore[misc]
    for name, held in MISTAKEN.items():
        protocol(f"{name}-v1", lambda given, held=held: Fitted(outputs=chances(given), held_out=held))  # type: ignore[misc]
    protocol("untidy-v1", untidy)
    protocol("untyped-v1", lambda given: None)  # type: ignore[arg-type, return-value]
    protocol("talkative-v1", lambda given: Fitted(outputs=chances(given), summary={"said": "x" * 20_000}))
    protocol("strange-v1", lambda given: Fitted(outputs=chances(given), summary={"said": np.zeros(2)}))


def chances(given: Fitting) -> NDArray[np.float64]:
    return np.full((len(given.test), given.classes), 1 / given.classes)


WRONG: dict[str, Callable[[Fitting], Any]] = {
    "nan": lambda given: chances(given) * np.nan,
    "short": lambda given: chances(given)[1:],
    "whole": lambda given: np.ones((len(given.test), given.classes), int),
    "logits": lambda given: chances(given) - 1,
    "unscaled": lambda given: chances(given) / 2,
}


# Summaries that are JSON, but that no record holds.
UNFIT: dict[str, dict[str, Any]] = {
    "escaping": {"\x1b[2J": 1},
    "halved": {"said": "\ud800"},
    "wordy": {"x" * 400: 1},
}
# What stands in the place of answers to held-out images.
MISTAKEN: dict[str, Any] = {
    "held-text": "none",
    "held-nothing": None,
    "held-empty": [HeldOut(labels=None, outputs=None)],  # type: ignore[arg-type]
    "held-others": [HeldOut(labels=np.array([99]), outputs=np.full((1, 3), 1 / 3))],
}


def untidy(given: Fitting) -> Fitted:
    """Change what holds for the whole process."""
    import torch

    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    np.seterr(all="raise")
    return Fitted(outputs=chances(given))


def broken(given: Fitting) -> Fitted:
    raise RuntimeError("out of patience")


def check_means(summary: dict[str, Any], settings: dict[str, Any]) -> None:
    if list(summary) != ["groups"] or settings != {"noise": 0.01}:
        raise ValueError("it does not say whether there were groups")


def means(given: Fitting) -> Fitted:
    """The nearest mean of a class, of those with a label and those without, or of the whole."""
    rng = np.random.default_rng(given.seed)

    def mean_of(examples: Examples, which: NDArray[np.bool_]) -> NDArray[np.float64]:
        (rows,) = np.nonzero(which)
        vectors = examples.features.take(rows) if len(rows) else np.full((1, *examples.features.shape), 1e3)
        vectors = vectors.reshape(len(vectors), -1)
        noise = float(given.settings.get("noise", 0)) * rng.standard_normal(vectors.shape[1])
        return np.asarray(vectors.mean(axis=0) + noise, np.float64)

    def answer(examples: Examples, features: FeatureRows) -> NDArray[np.float64]:
        vectors = np.concatenate([np.zeros((0, *features.shape)), *features.batches(7)])
        vectors = vectors.reshape(len(vectors), -1)
        if given.answer == "number":
            return float(examples.labels.mean()) + rng.random() + 1e-3 * vectors[:, 0]
        if given.answer == "labels":
            columns = examples.labels.T
            pairs = [[mean_of(examples, column == own) for own in (0, 1)] for column in columns]
            far = np.array([[((vectors - centre) ** 2).sum(axis=1) for centre in pair] for pair in pairs])
            shares: NDArray[np.float64] = (far[:, 0] / far.sum(axis=1)).T
            return shares
        centres = np.array([mean_of(examples, examples.labels == one) for one in range(given.classes)])
        near = np.exp(-np.sqrt(((vectors[:, None] - centres) ** 2).sum(axis=2)))
        return np.asarray(near / near.sum(axis=1, keepdims=True), np.float64)

    held = [HeldOut(labels=f.choose_on.labels, outputs=answer(f.fit_on, f.choose_on.features)) for f in given.folds]
    summary = {"groups": given.images.groups is not None}
    return Fitted(outputs=answer(given.images, given.test), summary=summary, held_out=held)
