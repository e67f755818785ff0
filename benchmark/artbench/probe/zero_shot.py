"""Classes told by texts: each is a vector, and a picture is of the class whose vector is nearest by the cosine.

As in CLIP (Radford et al. 2021, section 3.1) and in open_clip's `build_zero_shot_classifier`: a class is the mean of
the vectors of its texts, each scaled to length 1, scaled to length 1 again.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from artbench.data.outputs import Leading, joined
from artbench.errors import ArtbenchError
from artbench.probe.features import Rows, check_lengths


def class_head(texts: NDArray[np.floating], *, classes: int, scale: float) -> NDArray[np.float64]:
    """Return what a picture's vector of length 1 is multiplied with for its logits.

    Args:
        texts: Vectors of length 1 of all texts, those of a class one after the other, shape (classes * templates, d).
        classes: Number of classes.
        scale: What cosines are multiplied with.

    Returns:
        float64, shape (d, classes).

    Raises:
        ArtbenchError: The texts of a class cancel each other out.
    """
    means = texts.astype(np.float64).reshape(classes, -1, texts.shape[1]).mean(axis=1)
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    if not (lengths > 0).all():
        raise ArtbenchError(
            f"the texts of class {int(np.argmin(lengths)) + 1} cancel each other out", mend="Give other templates"
        )
    head: NDArray[np.float64] = scale * (means / lengths).T
    return head


def unit(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Scale features, shape (n, d), to length 1: float64.

    Raises:
        ArtbenchError: A feature is NaN or infinite.
    """
    wide = features.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    check_lengths(lengths)
    scaled: NDArray[np.float64] = wide / np.maximum(lengths, 1e-12)
    return scaled


def told_by_texts(rows: Rows, head: NDArray[np.float64]) -> Leading:
    """Return the most probable classes of n images, by the softmax over classes.

    Args:
        rows: Features of the images.
        head: As `class_head` returns it.

    Raises:
        ArtbenchError: A feature is NaN or infinite.
    """
    parts: Sequence[Leading] = [Leading.of(_softmax(unit(block) @ head)) for block in rows.blocks(head.shape[1])]
    whole = joined(parts or [Leading.of(np.zeros((0, head.shape[1]), np.float32))])
    assert isinstance(whole, Leading)
    return whole


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float32]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float32] = (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities
