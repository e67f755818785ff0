"""How pictures are compared with texts: a part of a protocol."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ZeroShot:
    """Classes are told by what the task says of them in words; nothing is fitted, and train is not used.

    Attributes:
        ensemble: What stands for a class, of several texts.
        similarity: What is computed of a picture and a class.
        prompts: SHA-256 of the task's templates and words; None: not yet those of a task.
    """

    ensemble: str = "mean over templates of text vectors of length 1, scaled to length 1"
    similarity: str = "cosine, times the scale that the network has learnt, in float64; softmax over classes"
    prompts: str | None = None
