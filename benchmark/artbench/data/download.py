"""Fetching a dataset where its terms let a program do so; saying what to do where they don't."""

from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.specs import DatasetSpec, load_factory


def how_to_get(spec: DatasetSpec, folder: Path | None) -> str:
    """Where a dataset that no program fetches is published, and what to put where; a few lines."""
    if spec.prepare is not None:
        return f"{spec.name} needs no download: artbench makes it when it is first used."
    place = str(folder) if folder is not None else f"a folder DIR/{spec.name}, and give --data-root DIR"
    lines = [f"{spec.name} can't be downloaded by a program.", f"It is published at {spec.source}"]
    if spec.terms:
        lines.append(f"Its terms: {spec.terms}")
    lines += [f"Put {spec.layout} into {place}", f"Then `artbench data check {spec.name}` tells whether it is whole."]
    return "\n".join(lines)


def download(spec: DatasetSpec, folder: Path) -> None:
    """Fetch a dataset into a folder, or go on where that stopped.

    Args:
        spec: Of a dataset that has a `download`.
        folder: Made if it is not there.

    Raises:
        ArtbenchError: The folder can't be written, or the server does not give it; what has come is kept.
    """
    assert spec.download is not None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        load_factory(spec.download)(folder)
    except ArtbenchError:
        raise
    except Exception as error:  # Whatever the library that fetches makes of a network that fails.
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise ArtbenchError(
            f"{spec.name} can't be downloaded into {folder} ({type(error).__name__}: {reason})",
            mend="What has come is kept: the same command goes on from there",
        ) from error
