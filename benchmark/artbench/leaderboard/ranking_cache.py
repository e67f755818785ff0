"""The ranking of a large leaderboard, kept in the cache: `artbench run` shows it each time, and it takes seconds."""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.leaderboard.cache_folder import ranks_folder
from artbench.leaderboard.ranking import BOOTSTRAP, LEVEL, Pair, Place, Ranking, rank
from artbench.records.predictions import check_predictions
from artbench.records.record import Record
from artbench.runtime.files import write_text

# Raised whenever what `rank` makes of the same predictions changes.
_VERSION = 2
# Of a record, what ranks depend on.
_FIELDS = ("primary_metric", "metrics", "dataset", "clusters", "rounds", "probe", "predictions")
# Predictions, over all rows, below which ranking them takes no longer than a blink.
_FEW = 200_000


def cached_ranking(records: Sequence[Record], predictions: Callable[[Record], Path] | None) -> Ranking:
    """As `rank`, from the cache where the same predictions were ranked before.

    Args:
        records: As `rank`.
        predictions: As `rank`.
    """
    rows = sum(record.predictions.rows for record in records if record.predictions is not None)
    if predictions is None or rows < _FEW:
        return rank(records, predictions)
    try:
        file = ranks_folder() / f"{_digest(records[0].board)}.json"
    except ArtbenchError:
        # Ranks can be had without.
        return rank(records, predictions)
    key = _key(records, predictions)
    known = _read(file, key)
    if known is not None:
        return known
    found = rank(records, predictions)
    content = {
        "key": key,
        "places": {name: asdict(place) for name, place in found.places.items()},
        "pairs": [asdict(pair) for pair in found.pairs],
    }
    # Whoever can't keep it finds it again.
    with suppress(OSError):
        write_text(file, json.dumps(content))
    return found


def _key(records: Sequence[Record], predictions: Callable[[Record], Path]) -> str:
    """Digest of all that the ranking depends on; the predictions are looked at, not only what the records say."""
    parts: list[object] = [_VERSION, LEVEL, asdict(BOOTSTRAP)]
    for record in records:
        try:
            check_predictions(predictions(record), record)
            state = ""
        except ArtbenchError as error:
            state = error.message
        content = record.as_json()
        parts.append([state, *(content[name] for name in _FIELDS), record.id])
    return _digest(parts)


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _read(file: Path, key: str) -> Ranking | None:
    """What was kept under this key; None if something else was, or if it is damaged."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["key"] != key:
            return None
        places = {name: Place(**place) for name, place in content["places"].items()}
        pairs = tuple(Pair(**{**pair, "ci95": (pair["ci95"][0], pair["ci95"][1])}) for pair in content["pairs"])
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None
    return Ranking(places=places, pairs=pairs)
