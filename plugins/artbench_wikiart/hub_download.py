"""Download of `huggan/wikiart` from the hub, which is believed neither in what it lists nor in what it sends."""

import re
from collections.abc import Sequence
from pathlib import Path

from artbench.errors import ArtbenchError

REPOSITORY = "huggan/wikiart"
_SHARD = re.compile(r"data/train-([0-9]{5})-of-([0-9]{5})(?:-[0-9a-f]+)?\.parquet")
_COMMIT = re.compile(r"[0-9a-f]{40}")
# What a Parquet file begins and ends with.
_MAGIC = b"PAR1"


def download(root: Path) -> None:
    """Fetch the Parquet files and the card of one commit into `root`, except for complete files that are there.

    Raises:
        ArtbenchError: The hub does not have all files of the release, or a file is not what it should be.
        OSError: The hub can't be reached, or a file can't be written.
    """
    from huggingface_hub import HfApi, snapshot_download

    # Without a token: the data are public, and whoever answers at the hub's address need not know who asks.
    state = HfApi(token=False).dataset_info(REPOSITORY)
    names = _shards([file.rfilename for file in state.siblings or ()])
    if not _COMMIT.fullmatch(state.sha or ""):
        raise ArtbenchError(f"{REPOSITORY}: the hub does not say which state of the data it has")
    # By their exact names: a path that leads out of the folder is none of them, whatever the library makes of it.
    wanted = ["README.md", *names]
    snapshot_download(
        REPOSITORY, repo_type="dataset", revision=state.sha, local_dir=root, allow_patterns=wanted, token=False
    )
    for name in names:
        _check(root / name)


def _shards(names: Sequence[str]) -> list[str]:
    """Return the names of all files of the release; raise an ArtbenchError if some are not listed."""
    found = {name: match for name in names if (match := _SHARD.fullmatch(name))}
    totals = {int(match[2]) for match in found.values()}
    numbers = sorted(int(match[1]) for match in found.values())
    if len(totals) != 1 or numbers != list(range(*totals)):
        raise ArtbenchError(
            f"{REPOSITORY}: the hub lists {len(found)} files of images, which are not all of one release",
            mend="Try again later, or compare with the dataset's page",
        )
    return sorted(found)


def _check(file: Path) -> None:
    with file.open("rb") as opened:
        start, size = opened.read(len(_MAGIC)), opened.seek(0, 2)
        opened.seek(max(0, size - len(_MAGIC)))
        end = opened.read()
    if size < 3 * len(_MAGIC) or start != _MAGIC or end != _MAGIC:
        file.unlink()
        raise ArtbenchError(f"{file} is no Parquet file, and was removed", mend="The same command fetches it again")
