"""The tokens of images, read in batches: computed from the pictures in each pass, from memory, or from the store."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.features.batch import EMPTY
from artbench.features.extract import Features
from artbench.features.pipeline import Extraction
from artbench.runtime.machine import free_bytes
from artbench.runtime.progress import Reporter

# Share of the free memory that tokens may take so that later passes need no pictures.
_SHARE = 4


class TokenSource(Protocol):
    """The tokens of a dataset's images, by row.

    Attributes:
        shape: Number and length of the tokens of an image.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """Number and length of the tokens of an image."""
        ...

    def stream(self, rows: NDArray[np.int64]) -> Generator[NDArray[np.floating[Any]], None, None]:
        """Yield the tokens of some images at a time, in the order of `rows`: shape (k, tokens, width)."""
        ...


@dataclass(frozen=True, kw_only=True)
class ComputedTokens:
    """Tokens that a network computes from the pictures, in each pass anew, in memory that holds a few batches.

    Attributes:
        extraction: The pass over the images, by a `token_encoder`.
        shape: Number and length of the tokens of an image.
        features: The pooled features of the same images, which know what each picture was.
        reporter: Receives progress.
    """

    extraction: Extraction
    shape: tuple[int, int]
    features: Features
    reporter: Reporter

    def stream(self, rows: NDArray[np.int64]) -> Generator[NDArray[np.floating[Any]], None, None]:
        """Yield tokens, float32.

        Raises:
            ArtbenchError: A picture can't be read any more, or has changed; or the network fails.
        """
        self.features.check(rows)
        size, encoder, dataset = self.extraction.batch, self.extraction.encoder, self.extraction.dataset
        table = np.full((-(-len(rows) // size), size), EMPTY, np.int64)
        table.ravel()[: len(rows)] = rows
        what = f"tokens of {dataset.name} by {encoder.backbone}"
        with (
            self.reporter.counting(what, total=len(rows), unit="images") as counter,
            closing(self.extraction.stream(table)) as done,
        ):
            for batch in done:
                reasons = batch.broken | batch.unreachable
                for row in batch.places[: len(batch)].tolist():
                    if row in reasons or (batch.images[row].digest != self.features.contents[row]).any():
                        raise ArtbenchError(
                            f"{dataset.ids[row]} {gone(reasons.get(row))} since its features were extracted",
                            mend="Leave the pictures alone while a run reads them, and run again",
                        )
                assert batch.features is not None
                yield batch.features[: len(batch)].reshape(-1, *self.shape)
                counter.advance(len(batch))


def gone(reason: str | None) -> str:
    """Say what became of an image between two passes."""
    return "has changed" if reason is None else f"can't be read any more ({reason})"


@dataclass(frozen=True, kw_only=True)
class StoredTokens:
    """Tokens in the feature store.

    Attributes:
        features: The features that are the tokens of an image, one after the other.
        shape: Number and length of the tokens of an image.
        batch: Images that are read at a time.
    """

    features: Features
    shape: tuple[int, int]
    batch: int = 64

    def stream(self, rows: NDArray[np.int64]) -> Generator[NDArray[np.floating[Any]], None, None]:
        """Yield tokens in the type of the store."""
        self.features.check(rows)
        for start in range(0, len(rows), self.batch):
            yield self.features.matrix[rows[start : start + self.batch]].reshape(-1, *self.shape)


class KeptTokens:
    """Tokens of some images in memory, read from their source once, when they are first asked for.

    Args:
        source: Where they come from.
        rows: The images, ascending.
    """

    def __init__(self, source: TokenSource, rows: NDArray[np.int64]) -> None:
        self._source, self._rows, self.shape = source, rows, source.shape

    @cached_property
    def _kept(self) -> NDArray[np.float32]:
        kept, done = np.empty((len(self._rows), *self.shape), np.float32), 0
        with closing(self._source.stream(self._rows)) as parts:
            for part in parts:
                kept[done : done + len(part)] = part
                done += len(part)
        return kept

    def stream(self, rows: NDArray[np.int64]) -> Generator[NDArray[np.floating[Any]], None, None]:
        """Yield tokens, float32."""
        for start in range(0, len(rows), 64):
            yield self._kept[np.searchsorted(self._rows, rows[start : start + 64])]


def kept_if_small(source: TokenSource, rows: NDArray[np.int64]) -> TokenSource:
    """Keep tokens in memory where they take at most a quarter of what is free, so that the pictures are read once.

    Args:
        source: Where they come from.
        rows: The images, ascending.
    """
    tokens, width = source.shape
    return KeptTokens(source, rows) if 4 * len(rows) * tokens * width < free_bytes("cpu") / _SHARE else source


@dataclass(frozen=True)
class TokenRows:
    """The tokens of n images, as a probe reads them (`artbench.data.FeatureRows`).

    Attributes:
        source: Where they come from.
        rows: The images, as rows of the dataset.
    """

    source: TokenSource
    rows: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        """Number and length of the tokens of an image."""
        return self.source.shape

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, positions: NDArray[np.int64]) -> "TokenRows":
        """Select images, in order."""
        return TokenRows(self.source, self.rows[positions])

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the tokens of some images by their numbers from 0: float32, shape (k, tokens, width)."""
        parts = list(self.batches(order=rows))
        return np.concatenate([np.empty((0, *self.shape), np.float32), *parts])

    def batches(self, size: int = 256, *, order: NDArray[np.int64] | None = None) -> Iterator[NDArray[np.float32]]:
        """Yield the tokens of `size` images at a time, the last time of fewer: float32, shape (k, tokens, width).

        Args:
            size: Images at a time.
            order: Numbers of images from 0; None: all in their order.
        """
        rows = self.rows if order is None else self.rows[order]
        waiting: list[NDArray[np.float32]] = []
        with closing(self.source.stream(rows)) as parts:
            for part in parts:
                waiting.append(np.asarray(part, np.float32))
                while sum(map(len, waiting)) >= size:
                    whole = np.concatenate(waiting)
                    waiting = [whole[size:]]
                    yield whole[:size]
        if sum(map(len, waiting)):
            yield np.concatenate(waiting)
