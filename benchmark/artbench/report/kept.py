"""Folders that took long to make, kept while what they were made from stays the same."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from artbench.records.folder import sha256_of
from artbench.runtime.files import preparing, write_text

# In a kept folder: what it was made from, and the digest of each of its files.
MARK = "made-from.json"


def kept(folder: Path, inputs: Mapping[str, Any], *, make: Callable[[Path], None]) -> bool:
    """See that a folder is there and whole, as `make` makes it of these inputs; True if it was there already.

    A folder appears whole or not at all, in the place of what was there before. One in which a file is missing or was
    changed is made again.

    Args:
        folder: Where it is to be.
        inputs: All that decides what comes out, as JSON.
        make: Given a folder that may be absent, puts files into it.

    Raises:
        OSError: It can't be written.
    """
    key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    if _is_whole(folder, key):
        return True
    with preparing(folder) as temporary:
        make(temporary)
        files = {file.relative_to(temporary).as_posix(): sha256_of(file) for file in _files(temporary)}
        write_text(temporary / MARK, json.dumps({"key": key, "inputs": inputs, "files": files}, indent=1) + "\n")
        if folder.exists():
            # A folder can't be renamed over another; and what was not made here is not thrown away here.
            if not (folder / MARK).is_file():
                raise FileExistsError(None, "something else is there")
            shutil.rmtree(folder)
    return False


def _is_whole(folder: Path, key: str) -> bool:
    try:
        content = json.loads((folder / MARK).read_text(encoding="utf-8"))
        there = {file.relative_to(folder).as_posix(): sha256_of(file) for file in _files(folder)}
        return bool(content["key"] == key and content["files"] == there)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MARK)
