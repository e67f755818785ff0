"""The lists of the release: the split and class of each image."""

import gzip
import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from artbench.errors import ArtbenchError
from artbench_wikiart import SOURCE
from artbench_wikiart.layout import ListFiles

# Twenty times the longest list, since a small gzip file can unpack to a terabyte.
_LARGEST = 80_000_000

_HEAD = "(Path to image)"
_INDEX = re.compile(r" *[0-9]{1,9}")

# Not a path below the images: control characters, backslashes and colons (Windows), the parts "", "." and "..",
# parts too long for a name, and paths without a folder.
_NOT_BELOW = re.compile(r"[\x00-\x1f\x7f\\:]|(?:^|/)\.{0,2}(?:/|$)|[^/]{256}|^[^/]*$")

_MEND = f"Download the list again from {SOURCE}"


class Row(NamedTuple):
    """One row of a list: the path of an image (NFC, with slashes) and the index of its class."""

    path: str
    label: int


@dataclass(frozen=True, kw_only=True)
class TaskLists:
    """The lists of one task, in their order; a path may occur twice.

    Attributes:
        classes: Name of each class.
        train: Rows to train on.
        val: Rows to report on.
    """

    classes: tuple[str, ...]
    train: tuple[Row, ...]
    val: tuple[Row, ...]


def read_lists(files: ListFiles) -> TaskLists:
    """Read the three files of one task, plain or gzipped.

    Raises:
        ArtbenchError: A file can't be read, or a line is wrong; names file and line.
    """
    classes = tuple(_classes(files.classes))
    return TaskLists(
        classes=classes,
        train=tuple(_rows(files.train, classes=len(classes))),
        val=tuple(_rows(files.val, classes=len(classes))),
    )


def _classes(file: Path) -> Iterator[str]:
    expected = 0
    for number, line in _lines(file):
        index, _, name = line.partition(" ")
        if not name.strip() or index != str(expected):
            raise _bad_line(file, number, f"not class {expected}: '{expected} <name>'", line)
        yield name.strip()
        expected += 1
    if not expected:
        raise ArtbenchError(f"wikiart: {file} names no class", mend=_MEND)


def _rows(file: Path, *, classes: int) -> Iterator[Row]:
    for number, line in _lines(file):
        if number == 1 and line.startswith(_HEAD):
            continue
        path, comma, index = line.rpartition(",")
        # The artist lists have two commas.
        path = path.removesuffix(",")
        if not comma:
            raise _bad_line(file, number, "no comma between path and class", line)
        if not _INDEX.fullmatch(index) or int(index) >= classes:
            raise _bad_line(file, number, f"the class is not a number from 0 to {classes - 1}", line)
        if _NOT_BELOW.search(path):
            raise _bad_line(file, number, "not a path <Style>/<name> below the folder of the images", line)
        yield Row(unicodedata.normalize("NFC", path), int(index))


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, with their numbers.

    `str.splitlines` would also break lines at some letters of the mangled names.
    """
    for number, line in enumerate(_text(file).split("\n"), start=1):
        if line.strip(" \t\r"):
            yield number, line.rstrip(" \t\r")


def _text(file: Path) -> str:
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ArtbenchError(f"wikiart: {file} can't be read ({error})", mend=_MEND) from error
    if len(data) > _LARGEST:
        raise ArtbenchError(f"wikiart: {file} is larger than {_LARGEST // 10**6} MB, too large for a list", mend=_MEND)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ArtbenchError(f"wikiart: {file}, line {line}: not UTF-8", mend=_MEND) from error


def _bad_line(file: Path, number: int, reason: str, line: str) -> ArtbenchError:
    shown = line if len(line) <= 120 else f"{line[:117]}…"
    return ArtbenchError(f"wikiart: {file}, line {number}: {reason}: {shown!r}", mend=_MEND)
