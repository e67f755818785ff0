"""Audits of datasets by name: indexing, search for pairs, leaks, and a cache of twins for later records."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.audit.image_index import ImageIndex, index_images
from artbench.audit.leakage import AuditResult
from artbench.audit.near_duplicates import find_pairs
from artbench.data.duplicates_cache import write_duplicates
from artbench.data.folders import DatasetPaths
from artbench.data.opening import DatasetWithTasks, open_datasets_with_tasks
from artbench.data.pool import Manifest
from artbench.data.targets import Targets
from artbench.encoders.checkpoint_path import checkpoint_file, checkpoint_name
from artbench.encoders.provenance import training_pool
from artbench.encoders.request import EncoderRequest, encoder_requests
from artbench.errors import ArtbenchError
from artbench.features.extract import extract
from artbench.plugins.known import is_searched
from artbench.plugins.registry import Registry
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.files import cache_folder
from artbench.runtime.progress import Reporter


@dataclass(frozen=True, kw_only=True)
class AuditEncoder:
    """The encoder whose features an audit compares, named as for a run."""

    backbone: str
    pretraining: str
    device: str = "auto"


def audit_datasets(
    names: Sequence[str],
    *,
    registry: Registry,
    paths: DatasetPaths,
    encoding: AuditEncoder | None = None,
    checkpoints: Sequence[Path] = (),
    reporter: Reporter,
) -> AuditResult:
    """Search for twins within datasets and between them, and keep them for later records.

    Args:
        names: Names of the datasets.
        registry: All registered datasets, tasks and encoders.
        paths: Where the datasets are.
        encoding: Encoder whose features to compare too; None: compare bytes and hashes only.
        checkpoints: Checkpoints whose pretraining pools to compare with the test images.
        reporter: Receives progress, and which tasks can't be read.

    Raises:
        UsageError: A name is unknown, or a dataset has no folder.
        ArtbenchError: A dataset is not as it should be, or a checkpoint does not say what it was pretrained on.
    """
    manifests = {checkpoint_name(path): _manifest(path) for path in checkpoints}
    chosen = None
    if encoding is not None:
        (chosen,) = encoder_requests([encoding.backbone], [encoding.pretraining], registry=registry, seed=0)
    opened = open_datasets_with_tasks(names, registry=registry, paths=paths, reporter=reporter)
    for entry in opened:
        for name, reason in entry.unreadable.items():
            reporter.notice(f"{name} can't be read and is left out of the audit: {reason}")
    cache = cache_folder() / "surveys"
    indexes = [index_images(entry.dataset, cache=cache, reporter=reporter) for entry in opened]
    features = None
    if chosen is not None and encoding is not None:
        features = _features(chosen, indexes, device=encoding.device, reporter=reporter)
    pairs = find_pairs(indexes, features=features, reporter=reporter)
    tiers = ("bytes", "hash") if chosen is None else ("bytes", "hash", "features")
    audits = cache_folder() / "audits"
    for number, entry in enumerate(opened):
        ids = entry.dataset.ids
        twins = [
            (ids[pair.first[1]], ids[pair.second[1]])
            for pair in pairs
            if pair.twins and pair.first[0] == pair.second[0] == number
        ]
        write_duplicates(entry.dataset, indexes[number].contents, tiers=tiers, pairs=twins, cache=audits)
    return AuditResult(
        datasets=[entry.dataset for entry in opened],
        targets=[_with_training(entry) for entry in opened],
        checkpoints=manifests,
        pairs=pairs,
        tiers=tiers,
        encoder=None if chosen is None else str(chosen),
    )


def _manifest(path: Path) -> Manifest:
    pool = training_pool(checkpoint_file(path))
    if pool is None or pool.manifest is None:
        raise ArtbenchError(
            f"{path} does not say which images it was pretrained on",
            mend="Give a folder that `artbench pretrain` has written, including its pool.json",
        )
    return pool.manifest


def _features(
    request: EncoderRequest, indexes: Sequence[ImageIndex], *, device: str, reporter: Reporter
) -> list[dict[int, NDArray[np.float32]]]:
    """Extract the features of each dataset's comparable images, by row."""
    encoder = request.build(reporter)
    found: list[dict[int, NDArray[np.float32]]] = []
    for index in indexes:
        (features,) = extract(
            [encoder],
            index.dataset,
            np.flatnonzero(index.comparable),
            picture=DEFAULT_PROTOCOL.picture,
            cache=cache_folder(to_read=True) / "features",
            device=device,
            reporter=reporter,
        )
        found.append(dict(zip(features.rows.tolist(), features.take(features.rows), strict=True)))
    return found


def _with_training(opened: DatasetWithTasks) -> dict[str, Targets]:
    """Return the targets of the tasks that train: near duplicates in an index are what its queries look for."""
    return {name: found for name, found in opened.targets.items() if not is_searched(opened.tasks[name].target)}
