"""Fits the probe that a plugin brings, and checks what it answers."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.fitting import Choosing, Examples, FeatureRows, Fitted, Fitting, HeldOut
from artbench.data.outputs import Leading, Outputs
from artbench.data.targets import Labels
from artbench.errors import ArtbenchError, plugin_errors
from artbench.plugins.known import form_of
from artbench.probe.features import LabelledFeatures, Rows, check_finite
from artbench.probe.linear import metrics_on_validation, validated_thresholds
from artbench.probe.penalty import set_apart
from artbench.protocol import Protocol
from artbench.records.own_probe import MOST_SUMMARY, OwnProbeState
from artbench.runtime.progress import Reporter
from artbench.specs import AnswerForm, ProtocolSpec, TargetKind, load_factory

# By how much probabilities of an image may miss 1.
_ROUNDING = 1e-3


@dataclass(frozen=True)
class Pooled:
    """Vectors of some images, as a plugin's probe sees them (`FeatureRows`)."""

    rows: Rows

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the features of an image: (d,)."""
        return (self.rows.width,)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the features of some images: float32, shape (k, d); a copy."""
        rows = np.asarray(rows)
        places = rows if self.rows.positions is None else self.rows.positions[rows]
        return np.array(self.rows.features[places], np.float32)

    def batches(self, size: int = 256, *, order: NDArray[np.int64] | None = None) -> Iterator[NDArray[np.float32]]:
        """Yield features of `size` images at a time: float32, shape (k, d)."""
        order = np.arange(len(self)) if order is None else np.asarray(order)
        for start in range(0, len(order), size):
            yield self.take(order[start : start + size])


Sees: TypeAlias = Callable[[Rows], FeatureRows]
"""Returns what a probe sees of images, given the rows of their pooled features."""


@dataclass(frozen=True, kw_only=True)
class OwnAnswers:
    """What a plugin's probe answered to m test images.

    Attributes:
        seed: Seed that it was fitted with.
        outputs: As `Predictions.outputs`.
        summary: What it says of itself.
        validation: Every metric that is defined on held-out images; empty if it has not answered to them.
        thresholds: Best threshold on these, by metric; 0.5 without.
    """

    seed: int
    outputs: Outputs
    summary: Mapping[str, Any]
    validation: Mapping[str, float]
    thresholds: Mapping[str, float]


def fit_own(
    train: LabelledFeatures,
    validation: LabelledFeatures | None,
    test: Rows,
    *,
    spec: ProtocolSpec,
    protocol: Protocol,
    classes: int,
    target: TargetKind,
    seeds: Sequence[int],
    device: str,
    reporter: Reporter,
    sees: Sees = Pooled,
) -> Iterator[OwnAnswers]:
    """Fit the probe of a plugin on train and validation with each seed, and let it answer to the test without labels.

    Args:
        train: Training images.
        validation: Images to choose settings on; None for those of train that `set_apart` picks.
        test: Features of m images.
        spec: What registered the probe.
        protocol: Its protocol.
        classes: Number of classes of the task.
        target: Kind of target.
        seeds: Seeds of the fits.
        device: `cpu`, `cuda` or `mps`.
        reporter: Is told of each fit to tokens, which may take minutes.
        sees: What the probe sees of images.

    Raises:
        ArtbenchError: There are no training images, a feature is NaN or infinite, or the probe fails or returns what it
            must not; the message names the protocol.
    """
    folds = set_apart(train, validation, probe=protocol.probe)
    images = train if validation is None else _together(train, validation)
    for part, ids in ((images.rows, images.ids), (test, [f"test image {at}" for at in range(len(test))])):
        check_finite([part], ids=ids)
    form = form_of(target)
    gpus = [torch.cuda.current_device()] if device == "cuda" else []
    for number, seed in enumerate(seeds, start=1):
        if spec.features == "tokens":
            reporter.notice(f"{spec.name}: fitting with seed {seed}, {number} of {len(seeds)}")
        given = Fitting(
            images=_examples(images, sees),
            folds=tuple(
                Choosing(fit_on=_examples(fold.fit_on, sees), choose_on=_examples(fold.choose_on, sees))
                for fold in folds
            ),
            test=sees(test),
            classes=classes,
            answer=form,
            settings=json.loads(protocol.own.settings) if protocol.own is not None else {},
            seed=seed,
            device=device,
        )
        with plugin_errors(f"the probe of {spec.name}"), torch.random.fork_rng(gpus), _settings_kept():
            # A layer draws its first weights from here.
            torch.manual_seed(seed)
            assert spec.probe is not None
            fitted = load_factory(spec.probe)(given)
            held_out: list[object] = list(fitted.held_out) if isinstance(fitted, Fitted) else []
        if not isinstance(fitted, Fitted):
            raise _wrong(spec, f"returns a {type(fitted).__name__}", "Return an artbench.data.Fitted")
        outputs = _checked(fitted.outputs, len(test), classes=classes, form=form, spec=spec)
        held = [_held(one, classes=classes, form=form, spec=spec) for one in held_out]
        yield OwnAnswers(
            seed=seed,
            outputs=outputs,
            summary=_summary(fitted.summary, spec),
            validation=metrics_on_validation(held, target=target),
            thresholds=validated_thresholds(held, target=target),
        )


def _examples(images: LabelledFeatures, sees: Sees) -> Examples:
    # A probe that changes labels changes them for no other seed, and not for the guesses without pixels.
    return Examples(features=sees(images.rows), labels=images.labels.copy(), ids=images.ids, groups=images.groups)


def _together(train: LabelledFeatures, validation: LabelledFeatures) -> LabelledFeatures:
    """Join two parts of one feature matrix."""
    places = [np.arange(len(one)) if one.rows.positions is None else one.rows.positions for one in (train, validation)]
    assert train.rows.features is validation.rows.features
    groups = None
    if train.groups is not None and validation.groups is not None:
        groups = [*train.groups, *validation.groups]
    return LabelledFeatures(
        rows=Rows(train.rows.features, np.concatenate(places)),
        labels=np.concatenate([train.labels, validation.labels]),
        ids=[*train.ids, *validation.ids],
        groups=groups,
    )


@contextmanager
def _settings_kept() -> Iterator[None]:
    """Undo what a probe sets for the whole process: the next encoder must not be read as it liked."""
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    try:
        with torch.enable_grad(), np.errstate():
            yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_num_threads(threads)


def _held(given: object, *, classes: int, form: AnswerForm, spec: ProtocolSpec) -> tuple[Labels, Outputs]:
    """Return labels and answers of held-out images, if they are what their form asks for."""
    if not isinstance(given, HeldOut):
        raise _wrong(spec, f"holds out a {type(given).__name__}", "Give artbench.data.HeldOut")
    labels: NDArray[Any] = np.asarray(given.labels)
    n = len(labels) if labels.ndim else 0
    kind, shape = {"class": ("iu", (n,)), "labels": ("b", (n, classes)), "number": ("f", (n,))}[form]
    known = labels.shape == shape and labels.dtype.kind in kind and bool(np.isfinite(labels).all())
    if known and form == "class":
        known = bool(((labels >= 0) & (labels < classes)).all())
    if not known:
        raise _wrong(spec, "holds out labels that its task does not have", "Give those of Choosing.choose_on")
    return labels, _checked(given.outputs, len(labels), classes=classes, form=form, spec=spec)


def _checked(given: object, images: int, *, classes: int, form: AnswerForm, spec: ProtocolSpec) -> Outputs:
    """Return outputs as the core has them, if they are what their form asks for."""
    shape = (images,) if form == "number" else (images, classes)
    outputs = np.asarray(given)
    if outputs.shape != shape or outputs.dtype.kind != "f":
        raise _wrong(spec, f"answers {outputs.dtype} of shape {outputs.shape}", f"Floats of shape {shape} are expected")
    if not np.isfinite(outputs).all():
        raise _wrong(spec, "answers NaN or infinity", "Does it diverge?")
    if form == "number":
        return outputs.astype(np.float32)[:, None]
    if images and (outputs.min() < 0 or outputs.max() > 1 + _ROUNDING):
        raise _wrong(spec, "answers what is no probability", "Numbers from 0 to 1 are expected")
    chances = np.minimum(outputs.astype(np.float32), 1)
    if form == "labels":
        return chances
    if images and np.abs(outputs.sum(axis=1) - 1).max() > _ROUNDING:
        raise _wrong(spec, "answers probabilities that don't add up to 1", "Is a softmax missing?")
    return Leading.of(chances)


def _summary(given: object, spec: ProtocolSpec) -> dict[str, Any]:
    try:
        text = json.dumps(given, allow_nan=False)
        summary = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise _wrong(spec, f"has a summary that JSON can't hold ({error})", "Make numbers Python's own") from error
    if not isinstance(summary, dict) or len(text) > MOST_SUMMARY:
        what = f"of {len(text):,} characters" if isinstance(summary, dict) else f"that is a {type(given).__name__}"
        raise _wrong(spec, f"has a summary {what}", f"A mapping of at most {MOST_SUMMARY:,} characters is expected")
    try:
        return OwnProbeState(version=1, seed=0, summary=summary).summary
    except ValueError as error:
        raise _wrong(
            spec, "has a summary that a record can't hold", "Name its values in usual letters, in at most 300"
        ) from error


def _wrong(spec: ProtocolSpec, what: str, mend: str) -> ArtbenchError:
    return ArtbenchError(f"the probe of {spec.name} {what}", mend=mend)
