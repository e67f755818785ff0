"""Checks that figures can be written, before anything slow is imported, and the errors where they can't."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from artbench.errors import ArtbenchError, UsageError

# Most inches that the caption under a figure takes.
CAPTION = 2.4

# Where Agg's coordinates end, and about 1.2 GB while a figure is drawn.
_MOST_SIDE, _MOST_PIXELS = 2**16 - 1, 300_000_000


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Turn an `OSError` of the block into an `ArtbenchError` which says that `what` can't be written."""
    try:
        yield
    except OSError as error:
        raise ArtbenchError(
            f"{what} can't be written ({error.strerror or error})", mend="Name another place with --out"
        ) from error


def check_folder(folder: Path) -> None:
    """Raise an `ArtbenchError` unless files can be written into a folder; a missing folder is not made yet."""
    there = folder.expanduser().absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    with writing(f"the folder {folder}"):
        if not there.is_dir():
            raise NotADirectoryError(None, f"{there} is a file")
        with tempfile.TemporaryFile(dir=there):
            pass


def check_file(path: Path) -> None:
    """Raise unless a PNG can be written to `path`, where an existing file will be replaced.

    Raises:
        UsageError: The name is not that of a PNG.
        ArtbenchError: It is a folder, or can't be written.
    """
    if path.is_dir():
        raise ArtbenchError(f"{path} is a folder", mend="Name a file in it with --out, such as figure.png")
    if path.suffix.lower() != ".png":
        raise UsageError(f"{path} can't be written: figures are PNG", mend="Name a file that ends in .png with --out")
    check_folder(path.parent)


def check_size(width: float, height: float, *, dpi: int, mend: str = "Give a lower --dpi") -> None:
    """Raise an `ArtbenchError` if a figure of `width` by `height` inches has too many pixels to draw."""
    across, down = round(width * dpi), round(height * dpi)
    if max(across, down) > _MOST_SIDE or across * down > _MOST_PIXELS:
        raise ArtbenchError(f"a figure of {across:,} x {down:,} pixels is too large to draw", mend=mend)
