"""Class names of `huggan/wikiart`, from the metadata of its Parquet files or from its dataset card."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from artbench.errors import ArtbenchError
from artbench_wikiart import HUB_SOURCE


def class_names(root: Path, shard: Path, columns: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the class names of each column, in the order of their numbers.

    Args:
        root: The dataset's folder, which may hold its card, README.md.
        shard: One of its files.
        columns: Names of the label columns.

    Raises:
        ArtbenchError: Neither names the classes.
    """
    for names in (_of_schema(shard), _of_card(root / "README.md")):
        if all(names.get(column) for column in columns):
            return {column: names[column] for column in columns}
    raise ArtbenchError(
        f"wikiart-huggan: nothing in {root} names the classes",
        mend=f"Put README.md, the card of the dataset at {HUB_SOURCE}, beside data/",
    )


def _of_schema(shard: Path) -> dict[str, tuple[str, ...]]:
    """Read the metadata that the library `datasets` writes beside the schema."""
    try:
        written = (pq.read_schema(shard).metadata or {}).get(b"huggingface", b"{}")
        features = json.loads(written)["info"]["features"]
        return {column: _ordered(feature.get("names")) for column, feature in features.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _of_card(card: Path) -> dict[str, tuple[str, ...]]:
    if not card.is_file():
        return {}
    from huggingface_hub import DatasetCard

    try:
        described: Any = DatasetCard.load(card).data.to_dict()["dataset_info"]
        described = described[0] if isinstance(described, list) else described
        return {
            feature["name"]: _ordered(feature["dtype"]["class_label"]["names"])
            for feature in described["features"]
            if isinstance(feature.get("dtype"), dict) and "class_label" in feature["dtype"]
        }
    except Exception as error:  # A broken card raises anything.
        raise ArtbenchError(f"wikiart-huggan: {card} is not a dataset card ({error})") from error


def _ordered(names: Any) -> tuple[str, ...]:
    """Return names given as a list, or as a mapping from numbers."""
    if isinstance(names, dict):
        names = [names[str(number)] for number in range(len(names))]
    return tuple(str(name) for name in names) if isinstance(names, list) else ()
