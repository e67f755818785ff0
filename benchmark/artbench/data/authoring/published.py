"""Finding the lists of a published dataset in its folder, and reading those in JSON."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TypeVar

from artbench.data.authoring.listing import check_inside
from artbench.errors import ArtbenchError
from artbench.runtime.files import file_errors

_JSON = TypeVar("_JSON", list[object], dict[str, object])
# Enough for ten million images.
_LARGEST = 1_000_000_000
_KINDS = {list: "an array", dict: "an object", str: "a text", bool: "true or false", int: "a number", float: "a number"}


def find_list(root: Path, *places: str, dataset: str, mend: str) -> Path:
    r"""Return the first of some places in a folder where there is a file.

    Args:
        root: Folder to look in.
        places: Paths relative to it, with slashes, in the order in which they are tried.
        dataset: Name of the dataset, for messages.
        mend: What the folder should hold.

    Raises:
        ArtbenchError: None is a regular file, or the first that is one is a link that leads out of the folder.

    Examples:
        >>> from pathlib import Path
        >>> from artbench.data.authoring import find_list
        >>> Path("scrolls").mkdir()
        >>> size = Path("scrolls/list.csv").write_text("image,set\n", encoding="utf-8")
        >>> found = find_list(Path("scrolls"), "lists/list.csv", "list.csv", dataset="scrolls", mend="Unpack the lists")
        >>> found.as_posix()
        'scrolls/list.csv'
    """
    file = next((root / place for place in places if (root / place).is_file()), None)
    if file is None:
        names = " or ".join(dict.fromkeys(PurePosixPath(place).name for place in places))
        raise ArtbenchError(f"{dataset}: no {names} in {root}", mend=mend)
    check_inside(file, root, dataset=dataset)
    return file


def read_json(file: Path, kind: type[_JSON], *, dataset: str, mend: str) -> _JSON:
    """Read a list in JSON (UTF-8, with or without a mark of it).

    Args:
        file: The file.
        kind: What it should hold: `list` for an array, `dict` for an object.
        dataset: Name of the dataset, for messages.
        mend: What the folder should hold.

    Returns:
        The array or object. What is in it is still unknown: any part may be of any kind.

    Raises:
        ArtbenchError: The file can't be read, is no JSON, holds another kind, or an object has a key twice.

    Examples:
        >>> from pathlib import Path
        >>> from artbench.data.authoring import read_json
        >>> size = Path("codes.json").write_text('{"1.jpg": ["25F"]}', encoding="utf-8")
        >>> read_json(Path("codes.json"), dict, dataset="codes", mend="")
        {'1.jpg': ['25F']}
        >>> read_json(Path("codes.json"), list, dataset="codes", mend="")
        Traceback (most recent call last):
        artbench.errors.ArtbenchError: codes: codes.json holds an object, not an array.
    """
    with file_errors(f"{dataset}: {file} can't be read", mend=mend):
        if file.stat().st_size > _LARGEST:
            raise ArtbenchError(f"{dataset}: {file} is larger than {_LARGEST // 10**9} GB", mend=mend)
        data = file.read_bytes()
    try:
        found = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:100]
        raise ArtbenchError(f"{dataset}: {file} can't be read as JSON ({reason})", mend=mend) from error
    if not isinstance(found, kind):
        raise ArtbenchError(f"{dataset}: {file} holds {_KINDS.get(type(found), 'null')}, not {_KINDS[kind]}", mend=mend)
    return found


def _unique(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        key = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"an object has the key {key[:60]!r} twice")
    return found
