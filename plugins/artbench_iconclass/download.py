"""Download of the test set: one zip, whose name on its page is its MD5."""

from pathlib import Path

from artbench.data.authoring import fetch_zip
from artbench_iconclass import SOURCE

MD5 = "779ba2ca9e977c58d818e3823a676973"
ARCHIVE = f"{SOURCE}/{MD5}.zip"
# Of 3.1 GB.
_MOST = 4_000_000_000


def download(root: Path) -> None:
    """Fetch list and images into `root`, 3.1 GB, and as much again while they are unpacked.

    Raises:
        ArtbenchError: The archive is not the one that was published.
        OSError: The page can't be reached, or a file can't be written.
    """
    fetch_zip(ARCHIVE, root, md5=MD5, most=_MOST, last="data.json")
