"""What a task says of its classes, as an encoder reads it."""

import numpy as np
from numpy.typing import NDArray

from artbench.data.opening import OpenTask
from artbench.encoders.embedding import embedded, text_side
from artbench.encoders.encoder import Encoder
from artbench.evaluation.prompts import prompts_of
from artbench.probe.zero_shot import class_head


def head_of(task: OpenTask, encoder: Encoder) -> NDArray[np.float64]:
    """Return what tells the classes of a task by their texts: float64, shape (feature_dim, classes).

    Raises:
        UsageError: The task has no prompts, or the encoder has no text side.
        ArtbenchError: The prompts don't fit the classes, or a text can't be read.
    """
    texts, side = prompts_of(task.spec).texts(task.targets.classes), text_side(encoder)
    vectors = embedded(side, [text for own in texts for text in own], encoder=encoder)
    return class_head(vectors, classes=len(texts), scale=side.scale)
