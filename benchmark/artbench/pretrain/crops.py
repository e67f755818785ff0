"""Batches of crops: which pictures come when, and both crops of each from one decode."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artbench.errors import ArtbenchError
from artbench.pretrain.draws import Draws, crop_box, draw
from artbench.pretrain.pictures import Pictures, Pixels
from artbench.pretrain.settings import Settings

# Beyond this share of the pool (and this number), unreadable pictures are no accident.
_TOLERATED, _ALWAYS_TOLERATED = 0.05, 10
_SUBSTITUTES = 1000


@dataclass(frozen=True, kw_only=True)
class Part:
    """A sub-batch of a step.

    Attributes:
        epoch: From 0.
        numbers: Of its pictures in the pool, int64, shape (n,).
    """

    epoch: int
    numbers: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class CropPair:
    """Both crops of the pictures of a sub-batch.

    Attributes:
        pixels: Of each view, uint8, shape (n, side, side, 3).
        draws: Of each view, what remains to be done to them.
    """

    pixels: tuple[Pixels, Pixels]
    draws: tuple[Draws, Draws]


def epoch_order(pictures: int, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """The pictures of a pool in the order of one epoch."""
    generator = np.random.Generator(np.random.Philox(key=[seed, 1], counter=[0, 0, epoch, 0]))
    return generator.permutation(pictures)


def parts_of_steps(
    settings: Settings, pictures: int, *, seed: int, begin: int, end: int, rank: int, size: int
) -> Iterator[Part]:
    """The sub-batches of one process, step by step: of each batch, its `rank`-th part of `size`.

    Args:
        settings: Batch and sub-batch.
        pictures: Size of the pool.
        seed: Of the run.
        begin: First step.
        end: One past the last.
        rank: Number of the process.
        size: How many there are; divides the number of sub-batches.
    """
    batch, epoch_steps = settings.batch_size, pictures // settings.batch_size
    own = settings.sub_batches // size
    order, ordered = np.empty(0, np.int64), -1
    for step in range(begin, end):
        epoch, place = divmod(step, epoch_steps)
        if epoch != ordered:
            order, ordered = epoch_order(pictures, seed=seed, epoch=epoch), epoch
        parts = order[place * batch : (place + 1) * batch].reshape(settings.sub_batches, -1)
        for numbers in parts[rank * own : (rank + 1) * own]:
            yield Part(epoch=epoch, numbers=numbers)


class Cropper:
    """Makes the crops of sub-batches; safe to call from several threads.

    Args:
        pictures: The pool's.
        settings: Of the augmentation.
        side: Of the crops in pixels.
        seed: Of the run.
    """

    def __init__(self, pictures: Pictures, settings: Settings, *, side: int, seed: int) -> None:
        self._pictures = pictures
        self._settings = settings
        self._side = side
        self._seed = seed
        self._cap = max(_ALWAYS_TOLERATED, int(_TOLERATED * len(pictures)))

    def __call__(self, part: Part) -> CropPair:
        """Both crops of every picture.

        Raises:
            ArtbenchError: More of the pool than an accident explains can't be read.
        """
        draws = draw(self._settings, part.numbers, seed=self._seed, epoch=part.epoch)
        shape = (len(part.numbers), self._side, self._side, 3)
        pixels = (np.empty(shape, np.uint8), np.empty(shape, np.uint8))
        for place, number in enumerate(part.numbers.tolist()):
            picture = Image.fromarray(self._readable(number))
            for view, of in zip(pixels, draws, strict=True):
                box = crop_box(
                    of.crops[place], width=picture.width, height=picture.height, scale=self._settings.crop_scale
                )
                crop = np.asarray(picture.resize((self._side, self._side), Image.Resampling.BILINEAR, box=box))
                view[place] = crop[:, ::-1] if of.flip[place] else crop
        return CropPair(pixels=pixels, draws=draws)

    def _readable(self, number: int) -> Pixels:
        """The picture, or the next in the pool that can be read: a batch keeps its size, on every machine alike."""
        for other in range(number, number + _SUBSTITUTES):
            pixels = self._pictures[other % len(self._pictures)]
            if pixels is not None:
                return pixels
            self._check(len(self._pictures.unreadable))
        raise self._too_many(_SUBSTITUTES)

    def _check(self, unreadable: int) -> None:
        if unreadable > self._cap:
            raise self._too_many(unreadable)

    def _too_many(self, count: int) -> ArtbenchError:
        examples = "; ".join(list(self._pictures.unreadable.values())[:3])
        return ArtbenchError(
            f"at least {count} of {len(self._pictures)} pictures can't be read: {examples}",
            mend="Check the datasets: up to 5 % are skipped",
        )
