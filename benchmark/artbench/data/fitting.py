"""What a plugin's probe is given, and what it returns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from artbench.data.targets import Labels
from artbench.specs import AnswerForm


class FeatureRows(Protocol):
    """Features of n images, read as they are asked for: pooled vectors, or the tokens of each image.

    Attributes:
        shape: Shape of the features of an image: (d,), or (t, d) of tokens.

    Examples:
        >>> from artbench.data import FeatureRows
        >>> def mean(features: FeatureRows):
        ...     return sum(batch.sum(axis=0) for batch in features.batches(256)) / len(features)
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the features of an image."""
        ...

    def __len__(self) -> int: ...

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the features of some images by their numbers from 0: float32, shape (k, *shape)."""
        ...

    def batches(self, size: int = 256, *, order: NDArray[np.int64] | None = None) -> Iterator[NDArray[np.float32]]:
        """Yield features of `size` images at a time, the last time of fewer: float32, shape (k, *shape).

        Args:
            size: Images at a time.
            order: Numbers of images from 0, as for an epoch; None: all in their order.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Images to learn from.

    Attributes:
        features: Their features.
        labels: As `Split.labels`: int64, shape (n,), of `class`; bool, shape (n, classes), of `labels`; float64, shape
            (n,), of `number`.
        ids: Their ids.
        groups: Group of each image, such as its painter, where the task is about unseen groups; else None.

    Examples:
        >>> import numpy as np
        >>> from artbench.data import Examples
        >>> def frequencies(images: Examples, classes: int):
        ...     return np.bincount(images.labels, minlength=classes) / len(images)
    """

    features: FeatureRows
    labels: Labels
    ids: Sequence[str]
    groups: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, kw_only=True)
class Choosing:
    """Images to fit on while settings are chosen, and others to choose them on.

    Attributes:
        fit_on: Images to fit on.
        choose_on: Others, by whose loss to choose.

    Examples:
        >>> from artbench.data import Choosing
        >>> def share(fold: Choosing):
        ...     return len(fold.choose_on) / (len(fold.fit_on) + len(fold.choose_on))
    """

    fit_on: Examples
    choose_on: Examples


@dataclass(frozen=True, kw_only=True)
class Fitting:
    """What a plugin's probe is fitted on, and what it answers to.

    Attributes:
        images: All images that it may be fitted on: train and validation together.
        folds: The same images in two parts, to choose settings, an epoch or a threshold: the validation split, or a
            tenth of train, or whole groups that are held out one after another, as `linear-v2` has it. Empty if no
            image can be held out.
        test: Features of the m images to answer to, without their labels.
        classes: Number of classes or labels, also of those that no image has; 0 for `number`.
        answer: Form of the answers.
        settings: The settings that the protocol was registered with.
        seed: Seed of everything random.
        device: `cpu`, `cuda` or `mps`.

    Examples:
        >>> import numpy as np
        >>> from artbench.data import Fitted, Fitting
        >>> def by_chance(given: Fitting) -> Fitted:
        ...     drawn = np.random.default_rng(given.seed).random((len(given.test), given.classes))
        ...     return Fitted(outputs=drawn / drawn.sum(axis=1, keepdims=True))
    """

    images: Examples
    folds: tuple[Choosing, ...]
    test: FeatureRows
    classes: int
    answer: AnswerForm
    settings: Mapping[str, Any]
    seed: int
    device: str


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Answers to images that were held out while settings were chosen.

    Attributes:
        labels: Their labels.
        outputs: Answers with the settings that were chosen, as `Fitted.outputs`.

    Examples:
        >>> import numpy as np
        >>> from artbench.data import Fitted, HeldOut
        >>> of_fold = HeldOut(labels=np.array([1, 0]), outputs=np.array([[0.2, 0.8], [0.7, 0.3]]))
        >>> len(Fitted(outputs=np.full((3, 2), 0.5), held_out=[of_fold]).held_out)
        1
    """

    labels: Labels
    outputs: NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """What a plugin's probe answers.

    Attributes:
        outputs: Of `class`: probability of each class, shape (m, classes), which add up to 1. Of `labels`: probability
            of each label, shape (m, classes). Of `number`: the number, shape (m,).
        summary: What it chose and how it went, as JSON can hold it, at most some 10,000 characters: it goes on record.
        held_out: Answers to the images of each fold, with the settings that were chosen: artbench measures them, for
            the record, and chooses thresholds on them. Empty without.

    Examples:
        >>> import numpy as np
        >>> from artbench.data import Fitted
        >>> Fitted(outputs=np.full((3, 2), 0.5), summary={"width": 64}).summary
        {'width': 64}
    """

    outputs: NDArray[np.floating]
    summary: Mapping[str, Any] = field(default_factory=dict)
    held_out: Sequence[HeldOut] = ()
