"""What the predictions of a record came to, kept in the cache: of many labels, it takes seconds to find again."""

import hashlib
import json
import zipfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from artbench.errors import ArtbenchError
from artbench.leaderboard.cache_folder import ranks_folder
from artbench.leaderboard.paired_scores import PairedScores, paired_scores
from artbench.protocol import Bootstrap
from artbench.records.predictions import check_predictions
from artbench.records.record import Record
from artbench.runtime.files import atomic_write
from artbench.stats.contributions import SUMS
from artbench.stats.metrics import METRICS

# Raised whenever what `paired_scores` makes of the same predictions changes.
_VERSION = 3
_ARRAYS = ("rounds", "clusters", "added", "values", "resampled", "parts")


def cached_scores(record: Record, file: Path, *, bootstrap: Bootstrap) -> PairedScores:
    """As `paired_scores`, from the cache where it was found before, and where finding it takes long.

    Raises:
        ArtbenchError: As `paired_scores`.
    """
    metric = METRICS.get(record.primary_metric)
    if metric is None or (metric.name in SUMS and metric.target != "multi-label"):
        return paired_scores(record, file, bootstrap=bootstrap)
    check_predictions(file, record)
    try:
        kept = ranks_folder() / f"{_key(record, bootstrap)}.npz"
    except ArtbenchError:
        # Ranks can be had without.
        return paired_scores(record, file, bootstrap=bootstrap)
    known = _read(kept)
    if known is not None:
        return known
    found = paired_scores(record, file, bootstrap=bootstrap)
    _write(kept, found)
    return found


def _key(record: Record, bootstrap: Bootstrap) -> str:
    """Digest of all that the evidence depends on."""
    probes = [round_.probe for round_ in record.rounds] or [record.probe]
    parts = {
        "version": _VERSION,
        "metric": record.primary_metric,
        "predictions": record.predictions.sha256 if record.predictions else "",
        "classes": record.dataset.classes,
        "clusters": record.clusters,
        "rounds": len(record.rounds),
        "thresholds": [probe.thresholds.get(record.primary_metric) for probe in probes],
        "bootstrap": asdict(bootstrap),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _read(file: Path) -> PairedScores | None:
    """What was kept; None if nothing was, or if it is damaged."""
    try:
        with np.load(file, allow_pickle=False) as kept:
            arrays: dict[str, Any] = {name: kept.get(name) for name in _ARRAYS}
            return PairedScores(test=str(kept["test"]), labels=None, **arrays)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(file: Path, found: PairedScores) -> None:
    arrays = {name: array for name in _ARRAYS if (array := getattr(found, name)) is not None}
    # Whoever can't keep it finds it again.
    with suppress(OSError), atomic_write(file) as temporary, temporary.open("wb") as opened:
        np.savez_compressed(opened, test=np.array(found.test), **arrays)
