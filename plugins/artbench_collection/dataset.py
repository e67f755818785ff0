"""Finding the images of a collection."""

import errno
import os
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from artbench.data import Dataset
from artbench.data.authoring import IMAGE_SUFFIXES, check_inside, match_files
from artbench.errors import ArtbenchError
from artbench_collection.catalogue import Catalogue

# Most signs of a value in a caption.
_CAPTION = 120


def open_collection(root: Path, *, catalogue: Catalogue) -> Dataset:
    """Find the images of a collection, without opening any.

    An image is found at exactly its listed path, or at one that differs in case, in the form of its accents, in how
    a tool mangled them (`match_files`), or by a suffix that the list leaves out. The ids are the paths as listed.
    `Dataset.tables["row"]` holds the row of the catalogue of each image.

    Raises:
        ArtbenchError: None of the images is there, or a link to one leads out of the folder.
    """
    if catalogue.files is None:
        found = _found(root, catalogue.paths, catalogue.name)
    else:
        found = {path: (file, (root / file).stat().st_size) for path, file in catalogue.files.items()}
    there = [row for row, path in enumerate(catalogue.paths) if path in found]
    if not there:
        raise ArtbenchError(
            f"{catalogue.name}: none of the {len(catalogue.paths):,} images that {catalogue.source} lists is in "
            f"{root}, {catalogue.paths[0]} for one",
            mend="Its paths should begin below that folder; say where the images are in a TOML: pictures = '…'",
        )
    there.sort(key=lambda row: catalogue.paths[row])
    ids = [catalogue.paths[row] for row in there]
    return Dataset(
        name=catalogue.name,
        root=root,
        ids=ids,
        files=[found[path][0] for path in ids],
        versions=[str(found[path][1]) for path in ids],
        captions=[_caption(catalogue, row) for row in there],
        columns=_columns(catalogue, there),
        tables={"row": there, "missing": [row for row, path in enumerate(catalogue.paths) if path not in found]},
    )


def _columns(catalogue: Catalogue, there: Sequence[int]) -> dict[str, list[str]]:
    """Return the values of the columns for some rows, with those of the groups, which are no column of labels."""
    columns = dict(catalogue.columns)
    if catalogue.group_column is not None and catalogue.groups is not None:
        columns.setdefault(catalogue.group_column, catalogue.groups)
    return {name: [values[row] for row in there] for name, values in columns.items()}


def _caption(catalogue: Catalogue, row: int) -> str:
    """Return the values of an image's columns in a line."""
    cells = ((column, values[row]) for column, values in catalogue.columns.items())
    return "; ".join(f"{column}: {' '.join(cell.split())[:_CAPTION]}" for column, cell in cells if cell)


def _found(root: Path, paths: Sequence[str], name: str) -> dict[str, tuple[str, int]]:
    """Return file and size of each listed path that is there."""
    folders = {path.rpartition("/")[0] for path in paths}
    files = {file: entry for folder in folders for file, entry in _files(root, folder, name)}
    matched = {path: path for path in paths if path in files}
    lost = [path for path in paths if path not in matched]
    if lost:
        everything = {file: entry for folder in _all_folders(root) for file, entry in _files(root, folder, name)}
        files |= everything
        matched |= _spelled_otherwise(lost, set(files) - set(matched.values()))
    sizes = {}
    for path, file in matched.items():
        if files[file].is_symlink():
            check_inside(root / file, root, dataset=name)
        sizes[path] = (file, files[file].stat().st_size)
    return sizes


def _files(root: Path, folder: str, name: str) -> list[tuple[str, os.DirEntry[str]]]:
    place = root / folder if folder else root
    check_inside(place, root, dataset=name)
    prefix = f"{folder}/" if folder else ""
    try:
        with os.scandir(place) as entries:
            return [(prefix + entry.name, entry) for entry in entries if _is_file(entry)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ArtbenchError(f"{name}: {place} can't be read ({error.strerror})") from error


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        # A link to itself.
        return False


def _all_folders(root: Path) -> list[str]:
    """Return every folder below the root that is neither hidden nor a link, relative to it."""
    folders = []
    for place, below, _ in os.walk(root):
        below[:] = [name for name in below if not name.startswith(".")]
        relative = os.path.relpath(place, root)
        folders.append("" if relative == "." else relative.replace(os.sep, "/"))
    return folders


def _spelled_otherwise(lost: Sequence[str], left: set[str]) -> dict[str, str]:
    """Return the file of each path that has exactly one which differs in spelling only."""
    matched: dict[str, str] = {}
    for key in (_plain, _without_suffix):
        candidates = defaultdict(list)
        for file in left:
            if PurePosixPath(file).suffix.lower() in IMAGE_SUFFIXES:
                candidates[key(file)].append(file)
        claims = defaultdict(list)
        for path in lost:
            if path not in matched:
                claims[_plain(path)].append(path)
        matched |= {
            paths[0]: candidates[spelling][0]
            for spelling, paths in claims.items()
            if len(paths) == 1 and len(candidates.get(spelling, ())) == 1
        }
        left = left - set(matched.values())
    return matched | match_files([path for path in lost if path not in matched], left)


def _plain(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def _without_suffix(file: str) -> str:
    return _plain(file.removesuffix(PurePosixPath(file).suffix))
