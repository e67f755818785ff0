"""How many predictions are kept and read, so that what others wrote can't fill the memory."""

from collections.abc import Sequence

from artbench.errors import ArtbenchError
from artbench.records.parquet import MOST_ROWS, check_texts
from artbench.specs import AnswerForm

# Most values of a column of lists, such as 250,000 images of 1,000 labels; and most classes.
_MOST_VALUES = 25 * 10**7
_MOST_CLASSES = 10**5
# Most different things that pictures of an index are of, which take no memory.
_MOST_THINGS = 10**8


def check_size(images: Sequence[str], *, classes: int, form: AnswerForm) -> None:
    """Check, before the work is done, that predictions of this size can be read again.

    Args:
        images: Ids of all test images, of one round after the other.
        classes: Number of classes.
        form: Form of the answers.

    Raises:
        ArtbenchError: They can't.
    """
    problem = too_many(len(images), classes, form)
    if not problem:
        sizes = [len(image.encode()) for image in images]
        try:
            check_texts(max(sizes, default=0), sum(sizes), len(sizes))
        except ValueError as error:
            problem = f"of the ids of images, {error}"
    if problem:
        raise ArtbenchError(
            f"predictions of {len(images):,} test images and {classes:,} classes can't be kept: {problem}",
            mend="Test on fewer images, or leave out classes or labels that are rare",
        )


def too_many(rows: int, classes: int, form: AnswerForm) -> str:
    """Say why predictions would not be read; empty if they would."""
    if rows > MOST_ROWS:
        return f"at most {MOST_ROWS:,} rows are read"
    most = _MOST_THINGS if form == "ranking" else _MOST_CLASSES
    if form != "number" and classes > most:
        return f"at most {most:,} classes are read"
    if form == "labels" and rows * classes > _MOST_VALUES:
        return f"at most {_MOST_VALUES:,} probabilities are read"
    return ""
