"""Where figures are to be written, and whether they can be: seen before anything that takes long is even imported."""

import tempfile
from pathlib import Path

from artbench.errors import ArtbenchError, UsageError

# Inches that the caption under a figure takes at most.
CAPTION = 2.4

# Where Agg's coordinates end, and about 1.2 GB while a figure is drawn.
_MOST_SIDE, _MOST_PIXELS = 2**16 - 1, 300_000_000


def check_folder(folder: Path) -> None:
    """See that files can be written into a folder, which may have to be made; nothing is made yet.

    Raises:
        ArtbenchError: They can't be.
    """
    there = folder.expanduser().absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        if not there.is_dir():
            raise NotADirectoryError(None, f"{there} is a file")
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise ArtbenchError(
            f"the folder {folder} can't be written ({error.strerror or error})", mend="Name another with --out"
        ) from error


def check_file(path: Path) -> None:
    """See that a PNG can be written to a place; one that is there will be replaced.

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
    """See that a figure can be drawn.

    Args:
        width: In inches.
        height: In inches.
        dpi: Dots an inch.
        mend: What to do where there are too many.

    Raises:
        ArtbenchError: It has too many pixels.
    """
    across, down = round(width * dpi), round(height * dpi)
    if max(across, down) > _MOST_SIDE or across * down > _MOST_PIXELS:
        raise ArtbenchError(f"a figure of {across:,} x {down:,} pixels is too large to draw", mend=mend)
