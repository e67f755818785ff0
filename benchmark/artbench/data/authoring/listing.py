"""Finding image files in a folder, and reading listed paths, which never lead out of it."""

import errno
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

from artbench.errors import ArtbenchError

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp"})
"""Suffixes of image files, in lower case."""
# Folders that file servers and archivers add: thumbnails and deleted files.
_NOT_LOOKED_INTO = frozenset({"@eaDir", "#recycle", "$RECYCLE.BIN", "__MACOSX"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What file systems allow, of whatever unit.
_LONGEST = 255
_NO_TEXT = re.compile("[\ud800-\udfff]")
_ROOTED = re.compile(r"/|[A-Za-z]:")
_ESCAPED = re.compile("#U([0-9a-fA-F]{4})")
_MAY_DIFFER = re.compile(r"[^A-Za-z0-9().'/]+")


def images_in(folder: Path, *, dataset: str, depth: int | None = 0) -> dict[str, int]:
    """Find the image files, known by their suffix, in a folder and in `depth` levels of folders below it.

    Hidden files are left out, such as the `._name.jpg` that macOS leaves on foreign disks, and so are the folders of
    thumbnails and deleted files that file servers make. A link to a folder that contains it is not followed.

    Args:
        folder: Folder to search; may itself be a link.
        dataset: Name of the dataset, for messages.
        depth: Levels of folders below to search; None for all.

    Returns:
        Size in bytes of each file, by its path relative to `folder`, with slashes, as the disk spells it; in no
        order. Empty without such a folder.

    Raises:
        ArtbenchError: A folder can't be read, or a link leads out of `folder`.

    Examples:
        >>> from pathlib import Path
        >>> from artbench.data.authoring import images_in
        >>> folder = Path("gallery")
        >>> (folder / "room 1").mkdir(parents=True)
        >>> for name in ("door.jpg", "room 1/window.png", "notes.txt"):
        ...     size = (folder / name).write_bytes(bytes(100))
        >>> images_in(folder, dataset="gallery")
        {'door.jpg': 100}
        >>> sorted(images_in(folder, dataset="gallery", depth=None))
        ['door.jpg', 'room 1/window.png']
    """
    try:
        real = os.path.realpath(folder)
        return dict(_images(str(folder), real=real, dataset=dataset, depth=depth))
    except (FileNotFoundError, NotADirectoryError):
        return {}


def _images(folder: str, *, real: str, dataset: str, depth: int | None) -> Iterator[tuple[str, int]]:
    # Path of a folder, prefix of the names in it, and real paths of it and of the folders that led to it by links.
    waiting: list[tuple[str, str, tuple[str, ...]]] = [(folder, "", (real,))]
    while waiting:
        place, prefix, ways = waiting.pop()
        for entry in _entries(place, dataset=dataset):
            if entry.name.startswith(".") or entry.name in _NOT_LOOKED_INTO:
                continue
            is_folder = _is_folder(entry, dataset)
            if is_folder is None or (is_folder and depth is not None and prefix.count("/") >= depth):
                continue
            if not is_folder and f".{entry.name.rpartition('.')[2]}".lower() not in IMAGE_SUFFIXES:
                continue
            if entry.is_symlink():
                check_inside(entry.path, real, dataset=dataset)
            if is_folder:
                real_paths = _real_paths(entry, ways)
                if real_paths:
                    waiting.append((entry.path, f"{prefix}{entry.name}/", real_paths))
            elif entry.is_file():
                yield prefix + entry.name, entry.stat().st_size


def _is_folder(entry: os.DirEntry[str], dataset: str) -> bool | None:
    """Say whether an entry is a folder; None for a link to itself, which is neither that nor an image."""
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise ArtbenchError(f"{dataset}: {entry.path} can't be read ({error.strerror})") from error


def _real_paths(entry: os.DirEntry[str], ways: tuple[str, ...]) -> tuple[str, ...]:
    """Return the real paths for a folder, its own last; none if it is a link back to a folder that contains it."""
    *before, last = ways
    if not entry.is_symlink():
        return (*before, f"{last.rstrip(os.sep)}{os.sep}{entry.name}")
    target = os.path.realpath(entry.path)
    if any(way == target or way.startswith(target.rstrip(os.sep) + os.sep) for way in ways):
        return ()
    return (*ways, target)


def folders_in(folder: Path, *, dataset: str) -> list[str]:
    """List the names of the folders in a folder that are not hidden, sorted.

    Raises:
        ArtbenchError: The folder can't be read.

    Examples:
        >>> from pathlib import Path
        >>> from artbench.data.authoring import folders_in
        >>> for style in ("Cubism", "Baroque", ".cache"):
        ...     (Path("styles") / style).mkdir(parents=True)
        >>> folders_in(Path("styles"), dataset="styles")
        ['Baroque', 'Cubism']
    """
    entries = _entries(str(folder), dataset=dataset)
    return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def _entries(folder: str, *, dataset: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise ArtbenchError(f"{dataset}: {folder} can't be read ({error.strerror})") from error


def check_inside(path: str | Path, folder: str | Path, *, dataset: str) -> None:
    """Raise if a path leads out of a folder by a link.

    Args:
        path: Path of a file or a link, which need not exist.
        folder: Folder of the dataset.
        dataset: Name of the dataset, for messages.

    Raises:
        ArtbenchError: The path leads out of the folder.

    Examples:
        >>> from artbench.data.authoring import check_inside
        >>> check_inside("museum/door.jpg", "museum", dataset="museum")
        >>> check_inside("museum/../private/door.jpg", "museum", dataset="museum")
        Traceback (most recent call last):
        artbench.errors.ArtbenchError: museum: ...
    """
    real = os.path.realpath(folder)
    target = os.path.realpath(path)
    if target != real and not target.startswith(real.rstrip(os.sep) + os.sep):
        raise ArtbenchError(
            f"{dataset}: {path} is a link that leads out of {folder}",
            mend="Put the files themselves there, or name the folder that holds both",
        )


def image_id(path: str) -> str:
    r"""Return a path from the disk as an id that is the same on every system: NFC, bytes that aren't UTF-8 as `\xe9`.

    Examples:
        >>> from artbench.data.authoring import image_id
        >>> len("Du\u0308rer.jpg"), len(image_id("Du\u0308rer.jpg"))
        (10, 9)
    """
    return unicodedata.normalize("NFC", path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))


def listed_path(path: str) -> str:
    r"""Return a path from a list in one spelling: slashes, NFC, no `./`.

    Args:
        path: Relative path; backslashes, as Windows writes them, are read as slashes.

    Raises:
        ValueError: The path is empty, or might lead out of its folder; the message says why.

    Examples:
        >>> from artbench.data.authoring import listed_path
        >>> listed_path("./Baroque\\rubens.jpg")
        'Baroque/rubens.jpg'
        >>> listed_path("../rubens.jpg")
        Traceback (most recent call last):
        ValueError: leads out of the folder of the images
    """
    spelled = unicodedata.normalize("NFC", path.strip()).replace("\\", "/")
    if _CONTROL.search(spelled):
        raise ValueError("holds control characters")
    if _NO_TEXT.search(spelled):
        raise ValueError("holds half of a pair of surrogates, which is no character")
    parts = [part for part in spelled.split("/") if part not in ("", ".")]
    plain = "/".join(parts)
    if _ROOTED.match(spelled) or _ROOTED.match(plain):
        raise ValueError("is absolute: it should be relative to the folder of the images")
    if ".." in parts:
        raise ValueError("leads out of the folder of the images")
    if not parts or spelled.endswith(("/", "/.")):
        raise ValueError("names no file")
    if max(map(len, parts)) > _LONGEST:
        raise ValueError(f"has a part of more than {_LONGEST} letters, as no file's name has")
    if plain != plain.strip():
        raise ValueError("begins or ends with a space")
    return plain


def match_files(listed: Collection[str], found: Collection[str]) -> dict[str, str]:
    """Find the file of each listed path.

    A path is matched with the file of the same name. Without one, a path with letters beyond ASCII is matched with the
    only unmatched file in the same folder that looks the same; if several files or paths fit, with none.

    Args:
        listed: Paths of the lists, NFC.
        found: Files on disk, with slashes; bytes that aren't UTF-8 as surrogates, as `os.fsdecode` gives them.

    Returns:
        The file of each path that has one.

    Examples:
        >>> from artbench.data.authoring import match_files
        >>> match_files(["a/Dürer.jpg", "a/lost.jpg"], ["a/D#U00fcrer.jpg"])
        {'a/Dürer.jpg': 'a/D#U00fcrer.jpg'}
    """
    names = set(found)
    files = {path: path for path in listed if path in names}
    lost = [path for path in listed if path not in files and not path.isascii()]
    if not lost:
        return files
    lookalikes = defaultdict(set)
    for file in names.difference(files):
        unescaped = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), file)
        lookalikes[_skeleton(unicodedata.normalize("NFC", unescaped))].add(file)
    found_again = {}
    for path in lost:
        # If the mark of a decomposed letter was mangled, the plain letter is left.
        skeletons = {_skeleton(path), _skeleton(unicodedata.normalize("NFD", path))}
        candidates = set().union(*(lookalikes.get(skeleton, ()) for skeleton in skeletons))
        if len(candidates) == 1:
            found_again[path] = candidates.pop()
    claims = Counter(found_again.values())
    return files | {path: file for path, file in found_again.items() if claims[file] == 1}


def _skeleton(name: str) -> str:
    return _MAY_DIFFER.sub("", name)
