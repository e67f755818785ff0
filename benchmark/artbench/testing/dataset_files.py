"""The files of a dataset: inside its folder, there, pictures; and opened only when they are needed."""

import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from artbench.data.decode import UnreadableImage, decode
from artbench.errors import ArtbenchError
from artbench.testing.checks import Check, Fault, line, some
from artbench.testing.read_dataset import Read

# Spread over the whole dataset, of which there may be a million.
_DECODED = 16


def inside(read: Read) -> Iterator[Fault]:
    """Every file lies inside the folder, and is named relative to it."""
    files = list(read.dataset.files)
    absolute = [file for file in files if PurePosixPath(file).is_absolute() or PureWindowsPath(file).is_absolute()]
    if absolute:
        mend = "Name files relative to the folder: path.relative_to(root).as_posix()"
        yield Fault(f"{len(absolute):,} files are absolute paths: {some(absolute)}", mend)
    upwards = [file for file in files if ".." in PurePosixPath(file.replace("\\", "/")).parts]
    if upwards:
        mend = "Refuse a list that names them, with the number of the line: it may come from anywhere"
        yield Fault(f"{len(upwards):,} files lead out of the folder by '..': {some(upwards)}", mend)
    if absolute or upwards:
        return
    base = read.dataset.root.resolve()
    away = [file for file in files if not (base / file).resolve().is_relative_to(base)]
    if away:
        mend = "Copy the pictures into the folder, or let the folder itself be the link"
        yield Fault(f"{len(away):,} files are links that lead out of the folder: {some(away)}", mend, "WARN")


def there(read: Read) -> Iterator[Fault]:
    """Every picture of the dataset is on disk."""
    gone = [file for row, file in enumerate(read.dataset.files) if not read.dataset.path(row).is_file()]
    if gone:
        yield Fault(
            f"{len(gone):,} of {len(read.dataset):,} files are not there: {some(gone)}",
            "Leave them out of ids and files; a task names them in Targets.missing, so that its results say so",
        )


def decodes(read: Read) -> Iterator[Fault]:
    """Its files are pictures that artbench can decode."""
    count = len(read.dataset)
    broken = []
    for row in sorted({number * (count - 1) // max(1, _DECODED - 1) for number in range(_DECODED)}):
        try:
            decode(read.dataset.read(row), short_side=32, crop=32)
        except UnreadableImage as error:
            broken.append(f"{read.dataset.files[row]} ({error.reason})")
        except OSError:
            # Told by the check whether it is there.
            continue
    if broken:
        mend = "List pictures only, in JPEG, PNG, WebP, TIFF, GIF or BMP, and replace those that are damaged"
        yield Fault(
            f"{len(broken)} of {min(count, _DECODED)} files that were tried can't be decoded: {some(broken)}", mend
        )


def unopened(read: Read) -> Iterator[Fault]:
    """Reading the dataset opens no picture."""
    files = {read.dataset.path(row).absolute() for row in range(len(read.dataset))}
    opened = files.intersection(path.absolute() for path in read.opened)
    if opened:
        mend = "Read lists and names only: of a hundred thousand pictures on a slow disk, this takes an hour"
        yield Fault(f"reading it opens {len(opened):,} pictures", mend, "WARN")


def wrong_folder(read: Read) -> Iterator[Fault]:
    """A folder that holds something else is refused in one line that says what belongs there."""
    if read.spec.folder is not None:
        return
    with tempfile.TemporaryDirectory() as empty:
        try:
            found = read.factory(Path(empty))
        except ArtbenchError as error:
            if not error.mend:
                mend = "Raise ArtbenchError(what is wrong, mend=what should lie there)"
                yield Fault(f"an empty folder is refused without a mend: {line(error)}", mend, "WARN")
        except Exception as error:
            mend = "Raise ArtbenchError(what is wrong, mend=what should lie there): it is shown as one line"
            yield Fault(f"an empty folder raises {line(error)}", mend)
        else:
            if not len(found):
                mend = "Raise ArtbenchError where no picture is found: --data may name the wrong folder"
                yield Fault("an empty folder is read as a dataset without pictures", mend)


FILE_CHECKS: tuple[Check[Read], ...] = (inside, there, decodes, unopened, wrong_folder)
