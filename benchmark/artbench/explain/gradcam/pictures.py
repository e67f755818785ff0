"""Which pictures of a record are explained, and what its probe says of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.decode import decode
from artbench.errors import ArtbenchError
from artbench.explain.gradcam.choice import Choice, answered, choose
from artbench.explain.gradcam.figures import Shown
from artbench.explain.gradcam.model import ProbedEncoder
from artbench.explain.refit import RefittedTask
from artbench.explain.validate import class_number
from artbench.protocol import LINEAR_V1
from artbench.runtime.progress import Reporter
from artbench.runtime.text import figure_name

_CHOSEN = (
    "A third of the pictures are the most confident hits and a third the most confident misses of the test, one of "
    "each class before the second of any; the rest was drawn at random from all others."
)


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Some pictures, and what is said of each.

    Attributes:
        pixels: As the encoder sees them, uint8, shape (n, height, width, 3).
        classes: The class explained of each, int64, shape (n,).
        shown: What is known of each.
        how: They were chosen, as a sentence.
    """

    pixels: NDArray[np.uint8]
    classes: NDArray[np.int64]
    shown: Sequence[Shown]
    how: str


def learnt_class(name: str, probed: RefittedTask) -> int:
    """The number of the class called `name`, of which the probe has seen pictures.

    Raises:
        UsageError: There is none.
        ArtbenchError: No training picture has it.
    """
    number = class_number(name, probed.task.targets.classes, task=probed.record.task)
    if not np.isfinite(probed.probe.bias[number]):
        raise ArtbenchError(f"no training picture is {name}, so that the probe knows nothing of it")
    return number


def chosen(probed: RefittedTask, *, named: int | None, count: int, seed: int, reporter: Reporter) -> Pictures:
    """Pictures of the test: confident hits, confident misses, and random ones (`choose`).

    Args:
        probed: The record's encoder and probe.
        named: Number of the class to explain; None: the predicted one of each.
        count: How many.
        seed: Of the random ones.
        reporter: Told where there are too few of any.

    Raises:
        ArtbenchError: No picture has the class or is taken for it.
    """
    answers = answered(probed.test.labels, probed.outputs, named=named)
    choices = choose(answers, probed.test.rows, count=count, seed=seed)
    classes = probed.task.targets.classes
    if not choices:
        assert named is not None
        raise ArtbenchError(
            f"no test picture of {probed.record.task} is {classes[named]} or taken for it", mend="Take another class"
        )
    if len(choices) < count:
        reporter.notice(f"there are only {len(choices)} test pictures to choose from")
    for reason in ("confident hit", "confident miss"):
        if not any(choice.reason == reason for choice in choices):
            reporter.notice(f"there is no {reason.split()[1]} to show")
    pixels = [
        _decoded(probed.task.dataset.read(row), probed) for row in (int(probed.test.rows[c.position]) for c in choices)
    ]
    explained = answers.explained[[choice.position for choice in choices]]
    shown = [
        _shown_of_test(choice, number, picture, int(class_), probed, correct=bool(answers.correct[choice.position]))
        for number, (choice, picture, class_) in enumerate(zip(choices, pixels, explained, strict=True), start=1)
    ]
    return Pictures(pixels=np.stack(pixels), classes=explained, shown=shown, how=_CHOSEN)


def _shown_of_test(
    choice: Choice, number: int, pixels: NDArray[np.uint8], class_: int, probed: RefittedTask, *, correct: bool
) -> Shown:
    labels, chances = probed.test.labels[choice.position], probed.outputs[choice.position]
    true = np.flatnonzero(labels) if np.ndim(labels) else np.array([labels])
    image = probed.task.dataset.ids[int(probed.test.rows[choice.position])]
    classes = probed.task.targets.classes
    return Shown(
        image=image,
        reason=choice.reason,
        pixels=pixels,
        explained=(classes[class_], float(chances[class_])),
        predicted=(classes[int(chances.argmax())], float(chances.max())),
        true=tuple((classes[int(k)], float(chances[int(k)])) for k in true),
        correct=correct,
        file=figure_name(number, image, reason=choice.reason),
    )


def asked_for(
    files: Sequence[Path], data: Sequence[bytes], *, model: ProbedEncoder, probed: RefittedTask, named: int | None
) -> Pictures:
    """Pictures that the user names.

    Args:
        files: Their paths.
        data: What is in them.
        model: Says what they are.
        probed: The record's encoder and probe.
        named: Number of the class to explain; None: the predicted one of each.
    """
    pixels = np.stack([_decoded(content, probed) for content in data])
    chances = _chances(model, pixels, probed)
    explained = chances.argmax(axis=1) if named is None else np.full(len(files), named)
    classes = probed.task.targets.classes
    shown = [
        Shown(
            image=file.name,
            reason="asked for",
            pixels=picture,
            explained=(classes[int(class_)], float(given[class_])),
            predicted=(classes[int(given.argmax())], float(given.max())),
            true=(),
            correct=None,
            file=figure_name(number, file.name, reason="asked for"),
        )
        for number, (file, picture, class_, given) in enumerate(zip(files, pixels, explained, chances, strict=True), 1)
    ]
    return Pictures(
        pixels=pixels, classes=explained.astype(np.int64), shown=shown, how="The pictures are those asked for."
    )


def _decoded(data: bytes, probed: RefittedTask) -> NDArray[np.uint8]:
    picture, size = LINEAR_V1.picture, probed.encoder.input_size
    return decode(data, short_side=picture.short_side(size), crop=picture.crop_side(size))


@torch.inference_mode()
def _chances(model: ProbedEncoder, pixels: NDArray[np.uint8], probed: RefittedTask) -> NDArray[np.float64]:
    logits = torch.cat([model(model.pictures(pixels[at : at + 1])) for at in range(len(pixels))])
    single = probed.task.spec.target == "single-label"
    found: NDArray[np.float64] = (logits.softmax(dim=1) if single else logits.sigmoid()).cpu().numpy()
    return found


def check_model(model: ProbedEncoder, pictures: Pictures, *, probed: RefittedTask) -> None:
    """See that what is differentiated says of test pictures what the probe says of their features.

    Raises:
        ArtbenchError: It does not.
    """
    chances = _chances(model, pictures.pixels, probed)
    said = np.array([shown.explained[1] for shown in pictures.shown])
    gap = float(np.abs(chances[np.arange(len(said)), pictures.classes] - said).max())
    if gap > probed.tolerance:
        raise ArtbenchError(
            f"{probed.record.backbone} gives other probabilities for these pictures now than from its features, by "
            f"{gap:.2f}",
            mend="Its code, or a picture, has changed: run the record again with --fresh",
        )
