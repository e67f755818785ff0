"""Features of a dataset's images: stored ones are read, missing ones extracted."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.contents import Contents
from artbench.data.dataset import Dataset
from artbench.data.decode import decode_path
from artbench.encoders.encoder import Encoder, joined
from artbench.features.beside import Beside
from artbench.features.device_decode import check_device_decode, device_decode_path
from artbench.features.key import StoreKey
from artbench.features.pipeline import Extraction, StoreTarget, batches
from artbench.features.store import FeatureStore
from artbench.features.timing import Timing
from artbench.protocol import Preprocessing
from artbench.runtime.distributed import current_group
from artbench.runtime.machine import choose_device, choose_feature_dtype
from artbench.runtime.progress import Reporter
from artbench.runtime.resources import Measuring, combined
from artbench.runtime.threads import usable_cores

# Images per forward pass: on a GPU enough to fill it; on the CPU, where each core computes its own batch, so few
# that activations stay in its cache.
_BATCH = {"cpu": 4, "cuda": 128, "mps": 64}

# Relative distance to which two runs of the same computation agree.
_TOLERANCE = {"float32": 1e-3, "bfloat16": 5e-2}


@dataclass(frozen=True, kw_only=True)
class Features:
    """The features of some images of a dataset.

    Attributes:
        matrix: float32 (float16 of a store of that type), shape (len(dataset), feature_dim), a read-only memory map;
            only `rows` are valid.
        wanted: The requested rows, ascending.
        unreadable: Why requested rows have no features, by row.
        contents: Digest of the image that each row was made from (`Dataset.content`), uint64, shape (len(dataset), 2);
            zeros for images that can't be read at all. Only `wanted` are valid.
        timing: Timing of this extraction.
        dtype: Number type of the forward pass: `float32` or `bfloat16`.
        compiled: Whether the network was compiled.
        decoder: What decoded plain JPEGs: `cpu` or `gpu`.
    """

    matrix: NDArray[np.float32]
    wanted: NDArray[np.int64]
    unreadable: Mapping[int, str]
    contents: NDArray[np.uint64]
    timing: Timing
    dtype: str
    compiled: bool = False
    decoder: Literal["cpu", "gpu"] = "cpu"

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """The rows with features, ascending."""
        return self.wanted[~np.isin(self.wanted, list(self.unreadable))]

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Copy the features of `rows`, in that order: float32, shape (len(rows), feature_dim).

        Raises:
            KeyError: A row was not requested, or its image can't be read.
        """
        self.check(rows)
        return np.array(self.matrix[rows])

    def check(self, rows: NDArray[np.int64]) -> None:
        """Raise KeyError unless all of `rows` were requested and have features."""
        absent = rows[~np.isin(rows, self.rows)]
        if len(absent):
            raise KeyError(f"no features of row {absent[0]}, nor of {len(absent) - 1} others")


def extract(
    encoders: Sequence[Encoder],
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
    dtype: torch.dtype | None = None,
    decoder: Literal["cpu", "gpu"] = "cpu",
    beside: Beside | None = None,
    stored: Literal["float32", "float16"] = "float32",
    reporter: Reporter,
) -> list[Features]:
    """Return the features of some images by each encoder, extracting those that the stores lack, in one pass.

    Under `torchrun`, inside `process_group`, every process makes the same call and extracts its share.

    Args:
        encoders: One encoder, or variants of one network, which differ in layer and pool alone. Each has a store of its
            own, with the same bytes as if it were extracted by itself.
        dataset: Dataset of the images.
        rows: Rows of the dataset.
        picture: Preprocessing of the images.
        cache: Folder of all feature stores.
        device: `auto`, `cpu`, `cuda`, or `mps`.
        batch_size: Images per forward pass; None: the device's default. Each size has its own store, since it may
            change the last bits.
        workers: Threads that decode (on the CPU: decode and compute); None: one per core.
        fresh: Extract stored features again.
        compiled: Compile the network with `torch.compile` first.
        dtype: Number type of the forward pass; None: the fastest of the device that is precise enough.
        decoder: `gpu`: plain JPEGs are decoded by the CUDA device, to slightly other pixels, with a store of their own.
        beside: What is made besides of the images that are decoded.
        stored: Number type in the store; each has its own.
        reporter: Receives progress and notices.

    Raises:
        UsageError: There is no such device, or it can't decode.
        ArtbenchError: The disk is full, or the encoder fails or returns other than finite features of its stated
            length. Features extracted so far are kept.
    """
    device = choose_device(device)
    if decoder == "gpu":
        check_device_decode(device)
    group = current_group()
    wanted = np.unique(rows)
    contents = Contents(dataset, cache)
    parts = []
    for encoder in encoders:
        extraction = extraction_of(
            encoder,
            dataset,
            contents,
            picture=picture,
            device=device,
            batch_size=batch_size,
            workers=workers,
            compiled=compiled,
            dtype=dtype,
            decoder=decoder,
            beside=beside,
        )
        store = FeatureStore(
            cache, _key(extraction, picture, stored), rows=len(dataset), pretraining=encoder.pretraining
        )
        parts.append((extraction, store))
    with ExitStack() as locks:
        # In one order, so that two runs never wait for each other.
        for _, store in sorted(parts, key=lambda part: part[1].folder) if group.first else ():
            locks.enter_context(store.locked(reporter))
        missing = group.from_first(lambda: [_missing(store, one, wanted, fresh, reporter) for one, store in parts])
        due = [(*part, np.array(lacks, np.int64)) for part, lacks in zip(parts, missing, strict=True) if lacks]
        timing = Timing()
        if due:
            union = np.unique(np.concatenate([lacks for *_, lacks in due]))
            whole = replace(due[0][0], encoder=joined([one.encoder for one, *_ in due]))
            share = batches(union, whole.batch)[group.rank :: group.size]
            targets = [StoreTarget(store, lacks) for _, store, lacks in due]
            before = (len(wanted) - len(union)) // group.size
            with Measuring(device) as measured:
                timing = group.together(
                    lambda: whole.run(share, targets, reporter, before=before, processes=group.size)
                )
            used = combined(group.gathered(asdict(measured.resources)))
            timing = replace(timing, extracted=len(union), resources=used)
        # All processes map the features before the first one releases the lock, after which they may be removed.
        found = group.together(lambda: [_found(store, wanted) for _, store in parts])
    unreadable = found[0][1]
    if due and unreadable and group.first:
        row, reason = min(unreadable.items())
        count = f"{len(unreadable):,} of {len(wanted):,}"
        reporter.notice(f"{count} images can't be read, the first of them {dataset.ids[row]}: {reason}")
    return [
        Features(
            matrix=matrix,
            wanted=wanted,
            unreadable=broken,
            contents=made_from,
            timing=timing if lacks else Timing(),
            dtype=store.key.dtype,
            compiled=compiled,
            decoder=decoder,
        )
        for (matrix, broken, made_from), (_, store), lacks in zip(found, parts, missing, strict=True)
    ]


def _found(
    store: FeatureStore, wanted: NDArray[np.int64]
) -> tuple[NDArray[np.float32], dict[int, str], NDArray[np.uint64]]:
    return store.matrix(), store.unreadable(wanted), store.contents()


def extraction_of(
    encoder: Encoder,
    dataset: Dataset,
    contents: Contents,
    *,
    picture: Preprocessing,
    device: str,
    batch_size: int | None = None,
    workers: int | None = None,
    compiled: bool = False,
    dtype: torch.dtype | None = None,
    decoder: Literal["cpu", "gpu"] = "cpu",
    beside: Beside | None = None,
) -> Extraction:
    """Return the pass over images that `extract` makes with these arguments, on a device of that name."""
    return Extraction(
        encoder=encoder,
        dataset=dataset,
        contents=contents,
        short_side=picture.short_side(encoder.input_size),
        crop=picture.crop_side(encoder.input_size),
        device=device,
        dtype=dtype or choose_feature_dtype(encoder.module, device=device),
        batch=batch_size or _BATCH[device],
        threads=workers or usable_cores(),
        compiled=compiled,
        decoder=decoder,
        beside=beside,
    )


def _key(extraction: Extraction, picture: Preprocessing, stored: Literal["float32", "float16"]) -> StoreKey:
    encoder, dataset = extraction.encoder, extraction.dataset
    return StoreKey(
        dataset=dataset.name,
        dataset_fingerprint=dataset.fingerprint,
        backbone=encoder.backbone,
        backbone_version=encoder.backbone_version,
        weights_sha256=encoder.weights_sha256,
        feature_dim=encoder.feature_dim,
        short_side=extraction.short_side,
        crop=extraction.crop,
        interpolation=picture.interpolation,
        mean=encoder.mean,
        std=encoder.std,
        decode=device_decode_path() if extraction.decoder == "gpu" else decode_path(),
        torch=torch.__version__,
        device=extraction.device,
        dtype=str(extraction.dtype).removeprefix("torch."),
        compiled=extraction.compiled,
        batch=extraction.batch,
        features="tokens" if encoder.place.pool == "tokens" else "module output",
        stored=stored,
    )


def _missing(
    store: FeatureStore, extraction: Extraction, wanted: NDArray[np.int64], fresh: bool, reporter: Reporter
) -> list[int]:
    """Find the rows to extract, after checking that the stored features are still valid.

    Rows of images that have changed are named. A backbone's code may have changed without its version: so the first and
    the last stored image are extracted again, and if they differ, the store is emptied.
    """
    dataset = extraction.dataset
    contents = np.zeros((len(dataset), 2), np.uint64)
    written = store.written(wanted)
    contents[written] = extraction.contents.digests(written, reporter)
    changed = store.changed(written, contents)
    if len(changed):
        reporter.notice(
            f"{len(changed):,} images of {dataset.name} have changed since their features were extracted, the first of "
            f"them {dataset.ids[changed[0]]}: they are extracted again"
        )
        store.discard(changed)
    ends = store.ends()
    contents[ends] = extraction.contents.digests(ends, reporter)
    ends = ends[~np.isin(ends, store.changed(ends, contents))]
    if len(ends) and not extraction.agrees(ends, store, tolerance=_TOLERANCE[store.key.dtype]):
        reporter.notice(
            f"{extraction.encoder.backbone} gives other features of {dataset.name} than the stored ones: its code has "
            "changed. They are extracted again"
        )
        store.clear(reporter)
    elif fresh:
        store.discard(wanted)
    missing = store.missing(wanted, reporter)
    store.reserve(len(missing))
    return [int(row) for row in missing]
