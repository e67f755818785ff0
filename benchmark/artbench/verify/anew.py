"""What `leaderboard verify` draws and extracts again of a record."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.opening import OpenTask
from artbench.data.targets import Targets
from artbench.encoders.encoder import Encoder
from artbench.errors import ArtbenchError
from artbench.explain.reproduce import build_as_recorded, candidate_of
from artbench.explain.sources import CheckedRecord
from artbench.features.extract import Features, extract
from artbench.plugins.registry import Registry
from artbench.protocol import Protocol
from artbench.records.publishing import image_digests
from artbench.records.record import Record
from artbench.runtime.machine import choose_device, choose_dtype
from artbench.runtime.progress import Reporter

RUN = "Run the encoder again here: `artbench run`, then `artbench leaderboard compare`"


def encoder_anew(checked: CheckedRecord, *, registry: Registry, reporter: Reporter) -> Encoder:
    """Build the encoder of a record; raise ArtbenchError if it has other weights or a feature of another length."""
    record, device = checked.record, choose_device(checked.sources.device)
    encoder = build_as_recorded(candidate_of(checked, registry), checked, device=device, reporter=reporter)
    if encoder.feature_dim != record.encoder.feature_dim:
        raise ArtbenchError(f"its features have {record.encoder.feature_dim:,} numbers, here {encoder.feature_dim:,}")
    return encoder


def extracted_anew(
    checked: CheckedRecord,
    task: OpenTask,
    encoder: Encoder,
    rows: NDArray[np.int64],
    *,
    folder: Path,
    protocol: Protocol,
    reporter: Reporter,
) -> Features:
    """Extract the features of some rows into a folder of their own, as the record's were."""
    device = choose_device(checked.sources.device)
    (features,) = extract(
        [encoder],
        task.dataset,
        rows,
        picture=protocol.picture,
        cache=folder,
        device=device,
        dtype=recorded_dtype(checked.record, device),
        reporter=reporter,
    )
    return features


def recorded_dtype(record: Record, device: str) -> torch.dtype | None:
    """Return the number type that a record was computed in, if this device has it.

    Processors without bfloat16 emulate it, four times slower than float32: bearable for some images, and an honest
    record is not refuted because it was made elsewhere.
    """
    types = {"float32": torch.float32, "bfloat16": torch.bfloat16 if device == "cpu" else choose_dtype(device)}
    return types.get(record.provenance.dtype)


def drawn(rows: NDArray[np.int64], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Draw some of `rows`, ascending, all of them if there are no more than `count`."""
    return np.sort(random.choice(rows, min(count, len(rows)), replace=False))


def rows_of(task: OpenTask, digests: list[str]) -> NDArray[np.int64]:
    """Return the rows of test images by the digests of their ids; raise ArtbenchError if one is of no test image."""
    rows = np.unique(np.concatenate([targets.test.rows for targets in task.targets.rounds])).tolist()
    known = dict(zip(image_digests(task.dataset.ids[row] for row in rows), rows, strict=True))
    if absent := [digest for digest in digests if digest not in known]:
        raise ArtbenchError(f"{absent[0]} is not a test image of {task.spec.name}", mend="Run `leaderboard check`")
    return np.array([known[digest] for digest in digests], np.int64)


def labels_of(targets: Targets, rows: NDArray[np.int64]) -> NDArray[np.generic]:
    """Return the labels of images of a round."""
    splits = [split for _, split in targets.splits]
    every, labels = (np.concatenate(parts) for parts in zip(*((one.rows, one.labels) for one in splits), strict=True))
    order = np.argsort(every)
    found: NDArray[np.generic] = labels[order[np.searchsorted(every, rows, sorter=order)]]
    return found
