"""Files that are either whole or absent: written to a temporary name, then renamed; the cache folder."""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import file_digest
from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.runtime.lease import check_held
from artbench.runtime.own_folder import own_folder
from artbench.runtime.temporaries import remove_abandoned, temporary_file, temporary_folder


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, renamed over it when the block ends without an error.

    A reader sees the old file or the new one, never a part; after an error or a kill, `path` is as it was.

    Raises:
        LeaseLost: Another process has taken over what this one was doing; `path` is as that one left it.
        OSError: The folder can't be made or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent, path.name)
    with temporary_file(path) as temporary:
        try:
            yield temporary
            sync(temporary)
            temporary.chmod(0o666 & ~_umask())
            check_held()
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise


def sync(file: Path) -> None:
    """Wait until the content of a file is on disk."""
    # For writing too: Windows syncs no file that is open for reading alone.
    with file.open("r+b") as written:
        os.fsync(written.fileno())


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty temporary folder, renamed to `folder` when the block ends without an error.

    If another process has made `folder` meanwhile, that one stays and this one is discarded.

    Raises:
        LeaseLost: Another process has taken over what this one was doing.
        OSError: The folder can't be made or written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder.parent, folder.name)
    with temporary_folder(folder) as temporary:
        try:
            yield temporary
            temporary.chmod(0o777 & ~_umask())
            check_held()
            try:
                temporary.rename(folder)
            except OSError:
                if not folder.is_dir():
                    raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with Unix line ends, atomically."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def read_json(source: Path | bytes) -> dict[str, object]:
    """A JSON object; empty if it is absent or broken."""
    try:
        loaded = json.loads(source.read_bytes() if isinstance(source, Path) else source)
    except (OSError, ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


@contextmanager
def file_errors(message: str, *, mend: str = "") -> Iterator[None]:
    """Turn an OSError into an error of one line: `message`, the system's reason, `mend`.

    Raises:
        ArtbenchError: The block raised an OSError.
    """
    try:
        yield
    except OSError as error:
        raise ArtbenchError(f"{message} ({error.strerror or error})", mend=mend) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def cache_folder(*, to_read: bool = False) -> Path:
    """The cache folder: `ARTBENCH_CACHE`, or the platform's. It is made if it does not exist.

    If others can write to it, it is a folder in it that only this user can write to (`own_folder`).

    Args:
        to_read: Whether one that can't be written, on a read-only disk, is of use too.

    Raises:
        ArtbenchError: It can't be made, or, unless `to_read`, not written.
    """
    folder = named_cache_folder()
    mend = "Set the environment variable ARTBENCH_CACHE to a folder that can"
    with file_errors(f"the cache folder {folder} can't be written", mend=mend):
        folder.mkdir(parents=True, exist_ok=True)
        if not to_read and not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return own_folder(folder)


def named_cache_folder() -> Path:
    """The folder that `ARTBENCH_CACHE` names, or the platform's, whether or not it exists.

    Raises:
        ArtbenchError: There is no home folder to have it in.
    """
    named = os.environ.get("ARTBENCH_CACHE")
    try:
        if named:
            return Path(named).expanduser()
        import platformdirs

        folder = platformdirs.user_cache_path("artbench", appauthor=False)
    except RuntimeError as error:
        raise _homeless() from error
    # As older releases of platformdirs answer.
    if folder.parts[0] == "~":
        raise _homeless()
    return folder


def _homeless() -> ArtbenchError:
    return ArtbenchError(
        "there is no home folder, and so none for the cache",
        mend="Set the environment variable ARTBENCH_CACHE to a folder",
    )


def sha256_of(file: Path) -> str:
    """SHA-256 of a file's bytes; 64 hexadecimal digits."""
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()
