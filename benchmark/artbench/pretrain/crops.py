"""Batches of crops: which pictures come when, and both crops of each from one decode."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artbench.errors import ArtbenchError
from artbench.pretrain.draws import Draws, crop_box, draw
from artbench.pretrain.pictures import Pictures, Pixels
from artbench.pretrain.schedule import shares
from artbench.pretrain.settings import Settings

# Beyond this share of the pool (and this number), unreadable pictures are no accident.
_TOLERATED, _ALWAYS_TOLERATED = 0.05, 10
_SUBSTITUTES = 1000


@dataclass(frozen=True, kw_only=True)
class Part:
    """A sub-batch of a step.

    Attributes:
        epoch: From 0.
        source: Number of the dataset that the batch is from; 0 where batches are of all datasets.
        numbers: Of its pictures in the pool, int64, shape (n,).
    """

    epoch: int
    source: int = 0
    numbers: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class CropPair:
    """Both crops of the pictures of a sub-batch.

    Attributes:
        pixels: Of each view, uint8, shape (n, side, side, 3).
        draws: Of each view, what remains to be done to them.
        source: As in `Part`.
    """

    pixels: tuple[Pixels, Pixels]
    draws: tuple[Draws, Draws]
    source: int = 0


def epoch_batches(
    settings: Settings, sizes: Sequence[int], *, seed: int, epoch: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The batches of one epoch; pictures that fill no batch are left to other epochs.

    Args:
        settings: Size of a batch, and whether it is of one dataset.
        sizes: Pictures of each dataset in the pool.
        seed: Of the run.
        epoch: From 0.

    Returns:
        Of each step the number of its dataset, shape (steps,), 0 where batches are of all datasets, and the numbers
        of its pictures, shape (steps, batch).
    """
    generator = np.random.Generator(np.random.Philox(key=[seed, 1], counter=[0, 0, epoch, 0]))
    batches, sources, begin = [], [], 0
    for source, size in enumerate(shares(settings, sizes)):
        steps = size // settings.batch_size
        order = begin + generator.permutation(size)
        batches.append(order[: steps * settings.batch_size].reshape(steps, settings.batch_size))
        sources.append(np.full(steps, source))
        begin += size
    turn = generator.permutation(sum(map(len, batches))) if settings.one_source else slice(None)
    return np.concatenate(sources)[turn], np.concatenate(batches)[turn]


def parts_of_steps(
    settings: Settings, sizes: Sequence[int], *, seed: int, begin: int, end: int, rank: int, size: int
) -> Iterator[Part]:
    """The sub-batches of one process, step by step: of each batch, its `rank`-th part of `size`.

    Args:
        settings: Batch and sub-batch.
        sizes: Pictures of each dataset in the pool.
        seed: Of the run.
        begin: First step.
        end: One past the last.
        rank: Number of the process.
        size: How many there are; divides the number of sub-batches.
    """
    epoch_steps = sum(part // settings.batch_size for part in shares(settings, sizes))
    own = settings.sub_batches // size
    sources, batches, made = np.empty(0, np.int64), np.empty((0, 0), np.int64), -1
    for step in range(begin, end):
        epoch, place = divmod(step, epoch_steps)
        if epoch != made:
            sources, batches = epoch_batches(settings, sizes, seed=seed, epoch=epoch)
            made = epoch
        for numbers in batches[place].reshape(settings.sub_batches, -1)[rank * own : (rank + 1) * own]:
            yield Part(epoch=epoch, source=int(sources[place]), numbers=numbers)


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
        scale = (self._settings.crop_scale, self._settings.crop_scale_max)
        for place, number in enumerate(part.numbers.tolist()):
            picture = Image.fromarray(self._readable(number))
            for view, of in zip(pixels, draws, strict=True):
                box = crop_box(of.crops[place], width=picture.width, height=picture.height, scale=scale)
                crop = np.asarray(picture.resize((self._side, self._side), Image.Resampling.BILINEAR, box=box))
                view[place] = crop[:, ::-1] if of.flip[place] else crop
        return CropPair(pixels=pixels, draws=draws, source=part.source)

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
            mend="Check the datasets: up to 5 %, or 10 pictures, are skipped",
        )
