"""The files of what is kept for ranks: how much room they take, and removing them."""

from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.runtime.files import cache_folder


def ranks_folder() -> Path:
    """Where what was found in predictions is kept.

    Raises:
        ArtbenchError: As `cache_folder`.
    """
    return cache_folder() / "ranks"


def ranks_bytes() -> int:
    """The room that they take, in bytes."""
    return sum(file.stat().st_size for file in _files())


def forget() -> int:
    """Remove them all, and return the bytes freed; ranks are found again when they are needed.

    Raises:
        ArtbenchError: The system does not let it.
    """
    freed = 0
    for file in _files():
        size = file.stat().st_size
        try:
            file.unlink()
        except OSError as error:
            raise ArtbenchError(f"{file} can't be removed ({error.strerror})", mend="Remove it by hand") from error
        freed += size
    return freed


def _files() -> list[Path]:
    return [file for file in ranks_folder().glob("*.*") if file.is_file() and file.suffix in (".json", ".npz")]
