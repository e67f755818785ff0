"""The features of a dataset's pictures: what is kept is read, the rest is extracted."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.decode import decode_path
from artbench.encoders.encoder import Encoder
from artbench.features.key import StoreKey
from artbench.features.pipeline import Extraction, Timing, batches
from artbench.features.store import FeatureStore
from artbench.protocol import Preprocessing
from artbench.runtime.distributed import current_group
from artbench.runtime.machine import choose_device, choose_feature_dtype
from artbench.runtime.progress import Reporter
from artbench.runtime.threads import usable_cores

# Pictures a forward pass: on a GPU enough to fill it; on the CPU, where each core computes a batch of its own,
# few, so that what passes between two layers stays in its cache.
_BATCH = {"cpu": 4, "cuda": 128, "mps": 64}

# Two computations of one feature agree to this relative distance, if it is still the same computation.
_TOLERANCE = {"float32": 1e-3, "bfloat16": 5e-2}


@dataclass(frozen=True, kw_only=True)
class Features:
    """The features of some pictures of a dataset.

    Attributes:
        matrix: float32, shape (len(dataset), feature_dim), a read-only memory map; only the rows that were asked
            for, and could be read, mean anything.
        wanted: The rows asked for, ascending.
        unreadable: Of these, the ones without features, and why.
        timing: Of this extraction.
        dtype: In which the network computed: `float32` or `bfloat16`.
        compiled: Whether it was compiled for it.
    """

    matrix: NDArray[np.float32]
    wanted: NDArray[np.int64]
    unreadable: Mapping[int, str]
    timing: Timing
    dtype: str
    compiled: bool = False

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """The rows with features, ascending."""
        return self.wanted[~np.isin(self.wanted, list(self.unreadable))]

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The features of `rows`, in that order: a new array, shape (len(rows), feature_dim).

        Raises:
            KeyError: A row was not asked for, or its picture can't be read.
        """
        self.check(rows)
        return np.array(self.matrix[rows])

    def check(self, rows: NDArray[np.int64]) -> None:
        """Refuse rows of `matrix` that mean nothing.

        Raises:
            KeyError: A row was not asked for, or its picture can't be read.
        """
        absent = rows[~np.isin(rows, self.rows)]
        if len(absent):
            raise KeyError(f"no features of row {absent[0]}, nor of {len(absent) - 1} others")


def extract(
    encoder: Encoder,
    dataset: Dataset,
    rows: NDArray[np.int64],
    *,
    picture: Preprocessing,
    cache: Path,
    device: str = "auto",
    batch_size: int | None = None,
    workers: int | None = None,
    fresh: bool = False,
    compiled: bool = False,
    float32: bool = False,
    reporter: Reporter,
) -> Features:
    """Get the features of some pictures from the store, after extracting those that it lacks.

    Under `torchrun`, inside `process_group`, every process calls this alike and does a share.

    Args:
        encoder: What to extract with.
        dataset: Where the pictures are.
        rows: Rows of the dataset.
        picture: How pictures are made ready.
        cache: The folder of all feature stores.
        device: `auto`, `cpu`, `cuda`, or `mps`.
        batch_size: Pictures a forward pass; None: what suits the device. Another size is another store, since
            it may change the last bits.
        workers: Threads that decode (on the CPU: decode and compute); None: one for each core.
        fresh: Extract anew what is kept.
        compiled: Let `torch.compile` make kernels for the network first.
        float32: Compute in float32, where features must agree with others that were; False: in what the device
            is fast at.
        reporter: Told how far it is, what waits, what was damaged.

    Raises:
        ArtbenchError: The disk is full, or the encoder fails or gives something else than finite features of
            the length it says. What was done is kept.
    """
    device = choose_device(device)
    group = current_group()
    wanted = np.unique(rows)
    extraction = Extraction(
        encoder=encoder,
        dataset=dataset,
        short_side=picture.short_side(encoder.input_size),
        crop=picture.crop_side(encoder.input_size),
        device=device,
        dtype=torch.float32 if float32 else choose_feature_dtype(encoder.module, device=device),
        batch=batch_size or _BATCH[device],
        threads=workers or usable_cores(),
        compiled=compiled,
    )
    store = FeatureStore(cache, _key(extraction, picture), rows=len(dataset), pretraining=encoder.pretraining)
    with store.locked(reporter) if group.first else nullcontext():
        missing = np.array(group.from_first(lambda: _missing(store, extraction, wanted, fresh, reporter)), np.int64)
        timing = Timing()
        if len(missing):
            share = batches(missing, extraction.batch)[group.rank :: group.size]
            timing = group.together(lambda: extraction.run(share, store, reporter, processes=group.size))
            timing = replace(timing, extracted=len(missing))
        # By all processes before the first one lets go of the store, and somebody else may have it removed.
        matrix, unreadable = group.together(lambda: (store.matrix(), store.unreadable(wanted)))
    if len(missing) and unreadable and group.first:
        row, reason = min(unreadable.items())
        count = f"{len(unreadable):,} of {len(wanted):,}"
        reporter.notice(f"{count} pictures can't be read, the first of them {dataset.ids[row]}: {reason}")
    return Features(
        matrix=matrix, wanted=wanted, unreadable=unreadable, timing=timing, dtype=store.key.dtype, compiled=compiled
    )


def _key(extraction: Extraction, picture: Preprocessing) -> StoreKey:
    encoder, dataset = extraction.encoder, extraction.dataset
    return StoreKey(
        dataset=dataset.name,
        dataset_fingerprint=dataset.fingerprint,
        backbone=encoder.backbone,
        weights_sha256=encoder.weights_sha256,
        feature_dim=encoder.feature_dim,
        short_side=extraction.short_side,
        crop=extraction.crop,
        interpolation=picture.interpolation,
        mean=encoder.mean,
        std=encoder.std,
        decode=decode_path(),
        device=extraction.device,
        dtype=str(extraction.dtype).removeprefix("torch."),
        compiled=extraction.compiled,
        batch=extraction.batch,
    )


def _missing(
    store: FeatureStore, extraction: Extraction, wanted: NDArray[np.int64], fresh: bool, reporter: Reporter
) -> list[int]:
    """The rows to extract, after a look at whether those that are kept can be trusted.

    Code that changed under an unchanged name (a backbone's forward pass, a picture replaced by one of the same
    size) leaves the key as it is. So two pictures of what is kept are extracted again, and must agree; also if
    others are wanted now, for a store never holds features of two minds.
    """
    ends = store.ends()
    if len(ends) and not extraction.agrees(ends, store, tolerance=_TOLERANCE[store.key.dtype]):
        reporter.notice(
            f"{extraction.encoder.backbone} gives other features of {extraction.dataset.name} than those kept: "
            "its code or a picture has changed. They are extracted again"
        )
        store.begin_anew(reporter)
    elif fresh:
        store.discard(wanted)
    missing = store.missing(wanted, reporter)
    store.reserve(len(missing))
    return [int(row) for row in missing]
