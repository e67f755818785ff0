"""Checks of protocols with a probe of their own, on features that are made up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.data.fitting import FeatureRows
from artbench.data.outputs import Leading, Outputs
from artbench.plugins.known import plain_target
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.own import OwnAnswers, Pooled, fit_own
from artbench.runtime.findings import Finding
from artbench.runtime.progress import Silent
from artbench.specs import AnswerForm, ProtocolSpec
from artbench.testing.checks import Fault, PathLike, demand, factory_of, registered, run_checks

_TRAIN, _TEST, _CLASSES, _WIDTH, _TOKENS = 60, 24, 3, 8, 4
# What answers at random, or always with the commonest class, are better than.
_LEARNT = 0.6


def check_protocol(spec: ProtocolSpec | str, *, plugins: Sequence[PathLike] = ()) -> None:
    """Check that the probe of a protocol keeps the contract.

    Args:
        spec: The protocol, or the name under which it is registered.
        plugins: Files of plugins to load besides those that are installed.

    Raises:
        ContractError: It does not; lists every failure with what to change.

    Examples:
        >>> from artbench.testing import check_protocol
        >>> check_protocol("linear-v2")
    """
    demand(f"protocol {spec if isinstance(spec, str) else spec.name}", examine_protocol(spec, plugins=plugins))


def examine_protocol(spec: ProtocolSpec | str, *, plugins: Sequence[PathLike] = ()) -> list[Finding]:
    """Return every finding about the probe of a protocol; a built-in one has none of its own.

    Args:
        spec: The protocol, or the name under which it is registered.
        plugins: Files of plugins to load besides those that are installed.

    Examples:
        >>> from artbench.testing import examine_protocol
        >>> [str(finding.status) for finding in examine_protocol("linear-v2")]
        ['PASS']
    """
    known = registered(plugins).protocols.get(spec) if isinstance(spec, str) else spec

    def made() -> ProtocolSpec:
        if known.probe is not None:
            factory_of(known.probe, name="probe")
        return known

    return run_checks(made, [] if known.probe is None else [answers, learns, repeats, single])


@dataclass(frozen=True)
class MadeUpTokens:
    """Tokens of images, each the image's vector and something of its own."""

    pooled: Pooled

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the features of an image."""
        return (_TOKENS, *self.pooled.shape)

    def __len__(self) -> int:
        return len(self.pooled)

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the tokens of some images."""
        ripple = np.sin(np.arange(_TOKENS * self.pooled.shape[0])).reshape(_TOKENS, -1)
        tokens: NDArray[np.float32] = (self.pooled.take(rows)[:, None] + 0.1 * ripple).astype(np.float32)
        return tokens

    def batches(self, size: int = 256, *, order: NDArray[np.int64] | None = None) -> Iterator[NDArray[np.float32]]:
        """Yield the tokens of `size` images at a time."""
        order = np.arange(len(self)) if order is None else order
        for start in range(0, len(order), size):
            yield self.take(order[start : start + size])


def answers(spec: ProtocolSpec) -> Iterator[Fault]:
    """It answers in each form that it states, with finite numbers of the right shape."""
    for form in spec.answers:
        _fitted(spec, form)
    yield from ()


def learns(spec: ProtocolSpec) -> Iterator[Fault]:
    """It learns classes and labels that lie far apart."""
    for form in spec.answers:
        if form != "number":
            right = float(np.mean(_predicted(_fitted(spec, form).outputs) == _labels(_TEST)))
            if right < _LEARNT:
                message = f"of {form} that lie far apart it predicts {right:.0%} rightly"
                yield Fault(message, "Is it fitted at all, and are classes in their order?", "WARN")


def repeats(spec: ProtocolSpec) -> Iterator[Fault]:
    """With the same seed it answers the same again, if it states a tolerance."""
    for form in spec.answers if spec.tolerance is not None else ():
        if (gap := _gap(_fitted(spec, form), _fitted(spec, form))) > (spec.tolerance or 0):
            yield Fault(
                f"fitted again with the same seed, its answers differ by up to {gap:.2g}",
                "Draw random numbers from `seed` alone, or state tolerance=None",
            )


def single(spec: ProtocolSpec) -> Iterator[Fault]:
    """What it answers to an image does not depend on the other test images, if it states a tolerance."""
    for form in spec.answers if spec.tolerance is not None else ():
        whole, part = _fitted(spec, form), _fitted(spec, form, test=_TEST // 2)
        if _gap(whole, part) > (spec.tolerance or 0):
            yield Fault(
                "its answer to an image depends on the other test images",
                "Fit on `images` alone, and take nothing from `test` but what is answered to",
            )


def _labels(count: int) -> NDArray[np.int64]:
    return np.arange(count, dtype=np.int64) % _CLASSES


def _fitted(spec: ProtocolSpec, form: AnswerForm, *, test: int = _TEST) -> OwnAnswers:
    rng, count = np.random.default_rng(0), _TRAIN + _TEST
    kinds = np.concatenate([_labels(_TRAIN), _labels(_TEST)])
    vectors = (3 * np.eye(_CLASSES, _WIDTH)[kinds] + rng.normal(0, 0.3, (count, _WIDTH))).astype(np.float32)
    labels = {"class": kinds, "labels": np.eye(_CLASSES, dtype=bool)[kinds], "number": 100.0 * kinds}[form]
    train = LabelledFeatures(
        rows=Rows(vectors, np.arange(_TRAIN)),
        labels=labels[:_TRAIN],
        ids=[f"image {number}" for number in range(_TRAIN)],
    )

    def sees(rows: Rows) -> FeatureRows:
        return Pooled(rows) if spec.features == "pooled" else MadeUpTokens(Pooled(rows))

    (answers,) = fit_own(
        train,
        None,
        Rows(vectors, np.arange(_TRAIN, _TRAIN + test)),
        spec=spec,
        protocol=spec.protocol,
        classes=0 if form == "number" else _CLASSES,
        target=plain_target(form),
        seeds=spec.seeds[:1],
        device="cpu",
        reporter=Silent(),
        sees=sees,
    )
    return answers


def _predicted(outputs: Outputs) -> NDArray[np.int64]:
    if isinstance(outputs, Leading):
        return outputs.classes[:, 0]
    found: NDArray[np.int64] = outputs.argmax(axis=1)
    return found


def _gap(one: OwnAnswers, other: OwnAnswers) -> float:
    """Return the largest difference between answers to the images that both have."""
    first, second = (_numbers(each.outputs) for each in (one, other))
    count = min(len(first), len(second))
    scale = 1.0 if isinstance(one.outputs, Leading) or first.shape[1] > 1 else float(first.std()) or 1.0
    return float(np.abs(first[:count] - second[:count]).max()) / scale


def _numbers(outputs: Outputs) -> NDArray[np.float64]:
    if not isinstance(outputs, Leading):
        return outputs.astype(np.float64)
    every = np.zeros((len(outputs), outputs.count))
    np.put_along_axis(every, outputs.classes, outputs.probabilities, axis=1)
    return every
