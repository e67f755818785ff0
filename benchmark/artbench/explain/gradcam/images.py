"""Which images of a record are explained, and what its probe predicts for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from artbench.data.decode import decode
from artbench.errors import ArtbenchError
from artbench.explain.gradcam.choice import Reason, answered, choose
from artbench.explain.gradcam.figures import Shown
from artbench.explain.gradcam.model import ProbedEncoder
from artbench.explain.refit import RefittedTask
from artbench.explain.validate import class_number
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.progress import Reporter
from artbench.runtime.text import figure_name

_CHOSEN = (
    "A third of the images are the most confident hits and a third the most confident misses of the test, one of "
    "each class before the second of any; the rest was drawn at random from all others."
)
# An image's name, why it is shown, the numbers of its classes, and whether the probe is right.
_About: TypeAlias = tuple[str, Reason, Sequence[int], bool | None]


@dataclass(frozen=True, kw_only=True)
class Images:
    """The images of a run, and what is known of each.

    Attributes:
        pixels: What the encoder sees, uint8, shape (n, height, width, 3).
        classes: The explained class of each, int64, shape (n,).
        shown: What is known of each.
        how: How they were chosen, as a sentence.
    """

    pixels: NDArray[np.uint8]
    classes: NDArray[np.int64]
    shown: Sequence[Shown]
    how: str


def learnt_class(name: str, probed: RefittedTask) -> int:
    """Return the number of the class called `name`.

    Raises:
        UsageError: There is no such class.
        ArtbenchError: No training image has it.
    """
    number = class_number(name, probed.task.targets.classes, task=probed.record.task)
    if not np.isfinite(probed.head.bias[number]):
        raise ArtbenchError(f"no training image is {name}, so the probe knows nothing about it")
    return number


def chosen(probed: RefittedTask, *, named: int | None, count: int, seed: int, reporter: Reporter) -> Images:
    """Choose test images: confident hits, confident misses, and random ones (`choose`).

    Args:
        probed: The record's encoder and probe.
        named: Number of the class to explain; None: the predicted one of each.
        count: How many images to choose.
        seed: Seed of the random ones.
        reporter: Receives notices where there are too few of any kind.

    Raises:
        ArtbenchError: No image has the class or is predicted to have it.
    """
    test, dataset, classes = probed.test, probed.task.dataset, probed.task.targets.classes
    answers = answered(test.labels, probed.outputs, named=named)
    choices = choose(answers, test.rows, count=count, seed=seed)
    if not choices:
        assert named is not None
        what = f"no test image of {probed.record.task} is {classes[named]} or predicted to be"
        raise ArtbenchError(what, mend="Take another class")
    if len(choices) < count:
        reporter.notice(f"there are only {len(choices)} test images to choose from")
    for reason in ("confident hit", "confident miss"):
        if not any(choice.reason == reason for choice in choices):
            reporter.notice(f"there is no {reason.split()[1]} to show")
    positions = np.array([choice.position for choice in choices])
    rows: list[int] = test.rows[positions].tolist()
    about: list[_About] = []
    for row, choice in zip(rows, choices, strict=True):
        labels, correct = test.labels[choice.position], bool(answers.correct[choice.position])
        true = np.flatnonzero(labels).tolist() if np.ndim(labels) else [int(labels)]
        about.append((dataset.ids[row], choice.reason, true, correct))
    pixels = np.stack([_decoded(dataset.read(row), probed) for row in rows])
    explained, chances = answers.explained[positions], probed.outputs[positions]
    return _images(about, pixels, explained=explained, chances=chances, classes=classes, how=_CHOSEN)


def asked_for(
    files: Sequence[Path], data: Sequence[bytes], *, model: ProbedEncoder, probed: RefittedTask, named: int | None
) -> Images:
    """Show images that the user names.

    Args:
        files: Their paths.
        data: Contents of the files.
        model: The network, which predicts their classes.
        probed: The record's encoder and probe.
        named: Number of the class to explain; None: the predicted one of each.
    """
    pixels = np.stack([_decoded(content, probed) for content in data])
    chances = _probabilities(model, pixels)
    explained = chances.argmax(axis=1) if named is None else np.full(len(files), named, np.int64)
    about: list[_About] = [(file.name, "asked for", (), None) for file in files]
    classes, how = probed.task.targets.classes, "The images are those asked for."
    return _images(about, pixels, explained=explained, chances=chances, classes=classes, how=how)


def _images(
    about: Sequence[_About],
    pixels: NDArray[np.uint8],
    *,
    explained: NDArray[np.int64],
    chances: NDArray[np.floating],
    classes: Sequence[str],
    how: str,
) -> Images:
    shown = []
    for at, (image, reason, true, correct) in enumerate(about):
        numbers = (explained[at], chances[at].argmax(), *true)
        named = [(classes[number], float(chances[at, number])) for number in numbers]
        shown.append(
            Shown(
                image=image,
                reason=reason,
                pixels=pixels[at],
                explained=named[0],
                predicted=named[1],
                true=tuple(named[2:]),
                correct=correct,
                file=figure_name(at + 1, image, reason=reason),
            )
        )
    return Images(pixels=pixels, classes=explained, shown=shown, how=how)


def _decoded(data: bytes, probed: RefittedTask) -> NDArray[np.uint8]:
    picture, size = DEFAULT_PROTOCOL.picture, probed.encoder.input_size
    return decode(data, short_side=picture.short_side(size), crop=picture.crop_side(size))


def _probabilities(model: ProbedEncoder, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.concatenate([model.probabilities(model.images(one[None])) for one in pixels])


def check_model(model: ProbedEncoder, images: Images, *, probed: RefittedTask) -> None:
    """Compare what the differentiable network predicts for test images with what the probe predicts.

    Raises:
        ArtbenchError: The probabilities differ by more than the record's tolerance.
    """
    chances = _probabilities(model, images.pixels)
    expected = np.array([shown.explained[1] for shown in images.shown])
    gap = float(np.abs(chances[np.arange(len(expected)), images.classes] - expected).max())
    if gap > probed.tolerance:
        raise ArtbenchError(
            f"{probed.record.backbone} gives probabilities for these images that differ from those of its features by "
            f"{gap:.2f}",
            mend="Its code or an image has changed: run the record again with --fresh",
        )
