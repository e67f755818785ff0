"""Download of `huggan/wikiart` from the hub."""

from pathlib import Path

REPOSITORY = "huggan/wikiart"


def download(root: Path) -> None:
    """Fetch the Parquet files and the card into `root`, except for complete files that are there.

    Raises:
        OSError: The hub can't be reached, or a file can't be written.
    """
    from huggingface_hub import snapshot_download

    snapshot_download(
        REPOSITORY, repo_type="dataset", local_dir=root, allow_patterns=["README.md", "data/train-*.parquet"]
    )
