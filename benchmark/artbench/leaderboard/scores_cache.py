"""Cache of records' scores for paired tests, for metrics that take seconds, above all mean average precision."""

import hashlib
import json
import zipfile
import zlib
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from artbench.errors import ArtbenchError
from artbench.leaderboard.paired_scores import PairedScores, paired_scores
from artbench.plugins.known import form_of
from artbench.protocol import Bootstrap, Protocol
from artbench.records.predictions import check_predictions
from artbench.records.record import Record
from artbench.runtime.files import atomic_write, cache_folder
from artbench.stats.contributions import SUMS
from artbench.stats.metrics import METRICS
from artbench.stats.plain import is_counted

# Raised whenever `paired_scores` gives something else for the same predictions.
_VERSION = 5
_ARRAYS = ("rounds", "clusters", "added", "values", "resampled", "parts", "influence", "shares")


def cached_scores(record: Record, file: Path, *, protocol: Protocol) -> PairedScores:
    """Return what `paired_scores` returns, from the cache for metrics that take long.

    Raises:
        ArtbenchError: The predictions can't be used for a test.
    """
    metric = METRICS.get(record.primary_metric)
    # Nothing tells whether the code of a plugin's metric has changed.
    if metric is None or not is_counted(metric) or (metric.name in SUMS and form_of(metric.target) != "labels"):
        return paired_scores(record, file, protocol=protocol)
    check_predictions(file, record)
    try:
        stored = ranks_folder() / f"{_key(record, protocol)}.npz"
    except ArtbenchError:
        # Ranks can do without a cache folder.
        return paired_scores(record, file, protocol=protocol)
    found = _read(stored)
    if found is None:
        found = paired_scores(record, file, protocol=protocol)
        arrays = {name: array for name in _ARRAYS if (array := getattr(found, name)) is not None}
        # A cache that can't be written to costs time only.
        with suppress(OSError), atomic_write(stored) as temporary, temporary.open("wb") as opened:
            np.savez_compressed(opened, test=np.array(found.test), **arrays)
    return found


def ranks_folder() -> Path:
    """Return the folder of the cached scores.

    Raises:
        ArtbenchError: The cache folder can't be made or written.
    """
    return cache_folder() / "ranks"


def _key(record: Record, protocol: Protocol) -> str:
    """Digest everything that the scores depend on."""
    parts = {
        "version": _VERSION,
        "metric": record.primary_metric,
        "predictions": record.predictions.sha256 if record.predictions else "",
        "classes": record.dataset.classes,
        "clusters": record.clusters,
        "rounds": len(record.rounds),
        "thresholds": [one.get(record.primary_metric) for one in record.thresholds],
        "tests": asdict(protocol.intervals or protocol.bootstrap or Bootstrap()),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _read(file: Path) -> PairedScores | None:
    """Read cached scores; None if there are none, or if the file is damaged."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            # Checksums first: numpy parses an array's header before its checksum. And an array whose name is damaged
            # must not count as one that the scores do without.
            if stored.zip.testzip() is not None or not {"test", *_ARRAYS}.issuperset(stored.files):
                return None
            arrays: dict[str, Any] = {name: stored.get(name) for name in _ARRAYS}
            return PairedScores(test=str(stored["test"]), labels=None, **arrays)
    # A changed bit can also look like a password or an unknown compression (RuntimeError).
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return None
