"""The pass over images: reading, decoding, forward pass and storing, in batches."""

import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from time import perf_counter
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.contents import Contents
from artbench.data.dataset import Dataset
from artbench.data.decode import UnreadableImage, decode
from artbench.data.plain_jpeg import plain_jpeg
from artbench.encoders.encoder import Encoder
from artbench.errors import ArtbenchError, plugin_errors
from artbench.features.batch import EMPTY, Batch
from artbench.features.beside import Beside
from artbench.features.conveyor import Conveyor
from artbench.features.device_decode import decode_on_device
from artbench.features.forward import Forward
from artbench.features.lane import lane_to, streamed
from artbench.features.store import FeatureStore
from artbench.features.timing import Timing
from artbench.runtime.machine import own_core_each, without_tf32
from artbench.runtime.progress import RESUMED, Reporter
from artbench.runtime.threads import in_threads


class NotFiniteError(ArtbenchError):
    """A network gave features that are NaN or infinite."""


@dataclass(kw_only=True)
class Extraction:
    """The extraction of features of a dataset by an encoder.

    On the CPU each thread takes a batch from the files to the features, so that decoding and computing do not compete
    for cores. On other devices the threads decode, and the device computes meanwhile (`Conveyor`).

    Attributes:
        contents: Digests of the dataset's images.
        short_side: Length in pixels to which the short side is resized.
        crop: Side of the crop in pixels.
        dtype: Number type of the forward pass.
        batch: Images per forward pass.
        threads: Threads that decode (on the CPU: decode and compute).
        compiled: Whether the network is compiled.
        decoder: `gpu`: the device decodes plain JPEGs; `cpu`: the threads decode all.
        beside: What is made of the images besides; None: nothing.
    """

    encoder: Encoder
    dataset: Dataset
    contents: Contents
    short_side: int
    crop: int
    device: str
    dtype: torch.dtype
    batch: int
    threads: int
    compiled: bool = False
    decoder: Literal["cpu", "gpu"] = "cpu"
    beside: Beside | None = None

    @cached_property
    def _forward(self) -> Forward:
        copies = 1 if streamed(self.device) else self.threads
        return Forward(
            self.encoder, device=self.device, side=self.crop, dtype=self.dtype, copies=copies, compiled=self.compiled
        )

    def run(
        self,
        table: NDArray[np.int64],
        targets: "Sequence[StoreTarget]",
        reporter: Reporter,
        *,
        before: int = 0,
        processes: int = 1,
    ) -> Timing:
        """Extract batches of rows into one or several stores.

        Args:
            table: Batches, as `batches` makes them.
            targets: Stores of the parts of a feature vector, in their order.
            reporter: Receives progress.
            before: Number of images whose features are there already, for progress.
            processes: Number of processes that share the extraction.

        Raises:
            ArtbenchError: As `extract` does.
        """
        total = before + int(np.count_nonzero(table != EMPTY))
        what = f"{self.encoder.backbone} on {self.dataset.name}"
        what += f", share of one process of {processes}" if processes > 1 else ""
        start, timing = perf_counter(), Timing()
        _ = self._forward  # Built here, not by several threads at once.
        with (
            _computing(self.device),
            reporter.counting(what, total=total, unit="images") as counter,
            closing(self._computed(table)) as done,
        ):
            if before:
                counter.advance(before, note=RESUMED)
            for batch in done:
                _store(batch, targets)
                self.contents.learn(batch.images)
                timing = Timing(
                    extracted=timing.extracted + len(batch),
                    extract_s=perf_counter() - start,
                    decode_s=timing.decode_s + batch.decode_s,
                    forward_s=timing.forward_s + batch.forward_s,
                )
                note = f"{timing.images_per_s or 0:.1f} images/s, {timing.waiting or 0:.0%} waiting"
                counter.advance(len(batch), note=note)
        for target in targets:
            target.store.flush()
        return replace(timing, extract_s=perf_counter() - start)

    def stream(self, table: NDArray[np.int64]) -> Generator[Batch, None, None]:
        """Yield batches of rows with their features, in order, and store nothing. Close the generator to stop early."""
        _ = self._forward  # As above.
        with _computing(self.device), closing(self._computed(table)) as done:
            yield from done

    def agrees(self, rows: NDArray[np.int64], store: FeatureStore, *, tolerance: float) -> bool:
        """Return whether a few images, extracted again, have the stored features, up to a relative distance."""
        # For so few, preparing the network would take longer than it saves.
        forward = Forward(self.encoder, device=self.device, side=self.crop, dtype=self.dtype, prepared=False)
        with _computing(self.device):
            batch = self._compute(self._decode(rows), forward)
        if batch.broken:
            return False
        if batch.features is None:
            return True
        stored = store.read(batch.places[batch.readable])
        distance = np.linalg.norm(batch.features[batch.readable] - stored, axis=1)
        return bool((distance <= tolerance * np.linalg.norm(stored, axis=1) + 1e-12).all())

    def _computed(self, table: NDArray[np.int64]) -> Generator[Batch, None, None]:
        if not streamed(self.device):
            yield from in_threads(
                lambda rows: self._compute(self._decode(rows), self._forward), table, threads=self.threads
            )
            return
        conveyor = Conveyor(
            lane=lane_to(torch.device(self.device)),
            decode=self.decode_into,
            compute=self._start,
            batch=self.batch,
            side=self.crop,
            threads=self.threads,
        )
        with closing(conveyor.run(table)) as done:
            yield from map(self._checked, done)

    def _start(self, batch: Batch, pixels: torch.Tensor) -> torch.Tensor:
        self._decode_rest(batch, pixels)
        with self._blaming_plugin(self._forward):
            return self._forward.on_device(pixels)

    def _decode(self, places: NDArray[np.int64]) -> Batch:
        start = perf_counter()
        batch = Batch(places=places, pixels=np.empty((len(places), self.crop, self.crop, 3), np.uint8))
        self.decode_into(batch, range(len(places)))
        batch.decode_s = perf_counter() - start
        return batch

    def decode_into(self, batch: Batch, places: range) -> None:
        """Decode the images at some places of a batch; several threads may do so at other places at once."""
        for place, row in zip(places, batch.places[places.start : places.stop].tolist(), strict=True):
            batch.pixels[place] = 0
            if row == EMPTY:
                continue
            try:
                image = self.contents.read(row)
                batch.images[row] = image._replace(data=b"")
                if self.decoder == "gpu" and plain_jpeg(image.data):
                    batch.compressed[place] = image.data
                    continue
                make = decode if self.beside is None else partial(self.beside.pixels, row)
                batch.pixels[place] = make(image.data, short_side=self.short_side, crop=self.crop)
            except UnreadableImage as error:
                batch.broken[row] = error.reason
            except OSError as error:
                batch.unreachable[row] = f"its file can't be read ({error.strerror or error})"

    def _decode_rest(self, batch: Batch, pixels: torch.Tensor) -> None:
        """Decode on the device what was left to it, and here what it refuses."""
        for place, data in decode_on_device(batch.compressed, pixels, short_side=self.short_side):
            try:
                there = decode(data, short_side=self.short_side, crop=self.crop)
            except UnreadableImage as error:
                batch.broken[int(batch.places[place])] = error.reason
            else:
                pixels[place] = torch.from_numpy(there).to(pixels.device)
        batch.compressed.clear()

    def _compute(self, batch: Batch, forward: Forward) -> Batch:
        if not batch.readable.any():
            return batch
        start = perf_counter()
        if batch.compressed:
            pixels = torch.from_numpy(batch.pixels).to(self.device)
            self._decode_rest(batch, pixels)
            batch.pixels = pixels.cpu().numpy()
        with self._blaming_plugin(forward):
            batch.features = forward(batch.pixels)
        batch.forward_s = perf_counter() - start
        return self._checked(batch)

    @contextmanager
    def _blaming_plugin(self, forward: Forward) -> Iterator[None]:
        try:
            with plugin_errors(f"backbone {self.encoder.backbone}"):
                yield
        except ArtbenchError as error:
            if isinstance(error.__cause__, torch.OutOfMemoryError):
                raise ArtbenchError(
                    f"{self.encoder.backbone}: not enough memory for {self.batch} images at once on {self.device}",
                    mend="Give a smaller --batch-size",
                ) from error
            if forward.compiled:
                error.mend = "The compilation may have failed: leave --compile out, or see --debug"
            raise

    def _checked(self, batch: Batch) -> Batch:
        """Return the batch; raise unless its features are finite and as long as they should be."""
        if batch.features is None:
            return batch
        expected = (len(batch.places), self.encoder.feature_dim)
        if batch.features.shape != expected:
            raise ArtbenchError(
                f"backbone {self.encoder.backbone} turned {len(batch.places)} images into features of shape "
                f"{batch.features.shape}, not {expected}",
                mend="Correct the plugin's module or feature_dim",
            )
        bad = batch.places[batch.readable & ~np.isfinite(batch.features).all(axis=1)]
        if len(bad):
            raise NotFiniteError(
                f"backbone {self.encoder.backbone} gave features that are not finite for {self.dataset.ids[bad[0]]}",
                mend="Check its weights",
            )
        return batch


class StoreTarget(NamedTuple):
    """A store and the rows that it lacks."""

    store: FeatureStore
    rows: NDArray[np.int64]


def _store(batch: Batch, targets: Sequence[StoreTarget]) -> None:
    column = 0
    for store, rows in targets:
        width = store.key.feature_dim
        if batch.features is not None:
            order = np.argsort(batch.places)
            order = order[(batch.readable & np.isin(batch.places, rows))[order]]
            written = batch.places[order]
            contents = np.array([batch.images[row].digest for row in written.tolist()], np.uint64).reshape(-1, 2)
            store.write(written, batch.features[order, column : column + width], contents)
        column += width
        reasons = {row: reason for row, reason in (batch.broken | batch.unreachable).items() if row in rows}
        if reasons:
            store.write_unreadable(reasons, {row: image.digest for row, image in batch.images.items()})


@contextmanager
def _computing(device: str) -> Iterator[None]:
    with warnings.catch_warnings(), own_core_each(device), without_tf32():
        # Pillow warns of broken tags in images that it can read nevertheless; others are named as unreadable.
        warnings.filterwarnings("ignore", module="PIL")
        yield


def batches(rows: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Put rows into batches so that a row has the same place in its batch, whatever else is extracted.

    Matrix libraries may sum in another order at another place of a batch. With the place fixed by the row number,
    features are the same bytes whether all images are extracted at once, the rest after a kill, or a share on each of
    several processes.

    Args:
        rows: Distinct rows of the dataset.
        size: Images per batch.

    Returns:
        int64, shape (batches, size); `EMPTY` marks places without an image. Consecutive rows fill their batches;
        other choices of rows nearly do.
    """
    rows = np.sort(rows)
    block = rows // size
    # The shift by a hash of the block keeps regular choices (every tenth image) from crowding into one place.
    shift = ((block.astype(np.uint64) * np.uint64(2654435761)) >> np.uint64(16)).astype(np.int64)
    places = (rows + shift) % size
    columns = [rows[places == place] for place in range(size)]
    table = np.full((max(map(len, columns)), size), EMPTY, np.int64)
    for place, column in enumerate(columns):
        table[: len(column), place] = column
    return table
