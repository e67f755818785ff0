"""The cache folders: whether they can be written, how much is in them, and the free space."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from artbench.cli.doctor.examination import Environment
from artbench.errors import ArtbenchError
from artbench.runtime.files import cache_folder, named_cache_folder
from artbench.runtime.findings import Finding, failed, passed, warned
from artbench.runtime.own_folder import shared_because
from artbench.runtime.text import size

# The features of WikiArt by one large encoder are half a gigabyte.
_LITTLE, _NONE = 5 * 10**9, 10**8


def storage(_: Environment) -> Iterator[Finding]:
    """Examine the cache of artbench, and those of the libraries that download weights."""
    try:
        cache = cache_folder()
    except ArtbenchError as error:
        yield failed("cache", error.message, mend=error.mend)
    else:
        yield _folder("cache", cache, variable="ARTBENCH_CACHE", emptied="`artbench cache remove` makes room")
        if (named := named_cache_folder()) != cache:
            yield warned(
                "cache",
                f"{named} is shared ({shared_because(named)}): yours is {cache.name}/ in it, to which only you "
                "can write",
                mend="Set ARTBENCH_CACHE to a folder of your own, if nobody else should fill the disk",
            )
    from huggingface_hub import constants

    emptied = "Remove models that are not needed from it"
    yield _folder("hub's cache", Path(constants.HF_HUB_CACHE), variable="HF_HUB_CACHE", emptied=emptied)
    yield _folder("torch's cache", Path(torch.hub.get_dir()), variable="TORCH_HOME", emptied=emptied)


def _folder(name: str, folder: Path, *, variable: str, emptied: str) -> Finding:
    elsewhere = f"set {variable} to a folder on a larger disk"
    existing = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        return failed(
            name,
            f"{folder} can't be written ({error.strerror or error})",
            mend=emptied if error.errno == errno.ENOSPC else f"Set {variable} to a folder that can",
        )
    free = shutil.disk_usage(existing).free
    message = f"{folder}: {size(_bytes_in(folder))} kept, {size(free)} free"
    if free < _NONE:
        return failed(name, message, mend=f"{emptied}, or {elsewhere}")
    if free < _LITTLE:
        return warned(name, message, mend=f"{emptied}, or {elsewhere}")
    return passed(name, message)


def _bytes_in(folder: Path) -> int:
    """Add up the bytes of all files below a folder, without those behind links, of which the hub's cache is full."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).lstat().st_size
            except OSError:  # Removed meanwhile.
                continue
    return total
