"""Files that processes on several nodes write and read side by side: each is made once, and never changed."""

from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.runtime.lease import Lease
from artbench.runtime.lease_disk import create_exclusively
from artbench.runtime.untrusted import read_regular

# Bytes of the largest file that is read: a traceback, or the list of a unit's records.
_LARGEST = 16 << 20


class StateFiles:
    """The files in the folder of a matrix.

    Args:
        folder: The folder; it is made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, name: str, content: bytes) -> bool:
        """Write a file; False if it is there already.

        Args:
            name: Name relative to the folder.
            content: All of its content.

        Raises:
            ArtbenchError: It can't be written.
        """
        file = self.folder / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            return create_exclusively(file, content)
        except OSError as error:
            raise ArtbenchError(
                f"{file} can't be written ({error.strerror or error})", mend="The same command continues from there"
            ) from error

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None if it is not there or can't be read."""
        try:
            return read_regular(self.folder / name, most=_LARGEST)
        except OSError:
            return None

    def changed(self, name: str) -> tuple[int, int]:
        """When a file was changed and its size, by which a change is noticed; zeros if it is not there."""
        try:
            found = (self.folder / name).stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_size

    def names(self, kind: str) -> list[str]:
        """Return the names of the files of a kind, which is the folder that they are in."""
        try:
            return [path.name for path in (self.folder / kind).iterdir() if not path.name.startswith(".")]
        except OSError:
            return []

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self.folder / name).unlink(missing_ok=True)

    def lease(self, unit: str) -> Lease:
        """The lease of a unit."""
        return Lease(self.folder / "leases" / unit, doing="working on this unit")
