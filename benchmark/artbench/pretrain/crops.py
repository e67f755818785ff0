"""Batches of crops: the order of the images, and all crops of each from one decode."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artbench.errors import ArtbenchError
from artbench.pretrain.draws import Draws, crop_box, draw, joined_draws
from artbench.pretrain.pool_images import Pixels, PoolImages
from artbench.pretrain.schedule import shares
from artbench.pretrain.settings import Settings
from artbench.pretrain.views import View

# Unreadable images beyond this share of the pool, and this number, are an error.
_TOLERATED, _ALWAYS_TOLERATED = 0.05, 10
_SUBSTITUTES = 1000


@dataclass(frozen=True, kw_only=True)
class Part:
    """A sub-batch of a step.

    Attributes:
        epoch: Number of the epoch, from 0.
        source: Number of the dataset that the batch is from; 0 if batches mix all datasets.
        numbers: Numbers of its images in the pool, int64, shape (n,).
    """

    epoch: int
    source: int = 0
    numbers: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Crops:
    """The crops of the images of a sub-batch, one of each image for each view.

    Attributes:
        pixels: Pixels of each view, uint8, shape (n, side, side, 3).
        draws: Random parameters of each view, for the augmentation that remains.
        epoch: Number of the epoch, as in `Part`.
        source: Number of the dataset, as in `Part`.
    """

    pixels: tuple[Pixels, ...]
    draws: tuple[Draws, ...]
    epoch: int = 0
    source: int = 0


def joined(parts: Sequence[Crops]) -> Crops:
    """The crops of several sub-batches of a step, one after the other."""
    if len(parts) == 1:
        return parts[0]
    return Crops(
        pixels=tuple(map(np.concatenate, zip(*(part.pixels for part in parts), strict=True))),
        draws=tuple(map(joined_draws, zip(*(part.draws for part in parts), strict=True))),
        epoch=parts[0].epoch,
        source=parts[0].source,
    )


def epoch_batches(
    settings: Settings, sizes: Sequence[int], *, seed: int, epoch: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The batches of one epoch, from 0; images that do not fill a batch are left out of it.

    Returns:
        For each step, the number of its dataset (0 if batches mix all datasets), shape (steps,), and the numbers of
        its images, shape (steps, batch).
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
    settings: Settings, sizes: Sequence[int], steps: range, *, seed: int, rank: int, size: int
) -> Iterator[Part]:
    """Yield the sub-batches of one process, step by step: the `rank`-th of `size` parts of each batch.

    Args:
        settings: Settings with the sizes of batch and sub-batch.
        sizes: Number of images of each dataset in the pool.
        steps: Numbers of the steps.
        seed: Seed of the run.
        rank: Number of the process, from 0.
        size: Number of processes; divides the number of sub-batches.
    """
    epoch_steps = sum(part // settings.batch_size for part in shares(settings, sizes))
    own = settings.sub_batches // size
    sources, batches, made = np.empty(0, np.int64), np.empty((0, 0), np.int64), -1
    for step in steps:
        epoch, place = divmod(step, epoch_steps)
        if epoch != made:
            sources, batches = epoch_batches(settings, sizes, seed=seed, epoch=epoch)
            made = epoch
        for numbers in batches[place].reshape(settings.sub_batches, -1)[rank * own : (rank + 1) * own]:
            yield Part(epoch=epoch, source=int(sources[place]), numbers=numbers)


class Cropper:
    """Cuts the crops of sub-batches; safe to call from several threads.

    Args:
        images: Images of the pool.
        views: The views; those without a size are `side` pixels wide and high.
        side: Side of the crops in pixels.
        seed: Seed of the run.
    """

    def __init__(self, images: PoolImages, views: Sequence[View], *, side: int, seed: int) -> None:
        self._images = images
        self._views = views
        self._side = side
        self._seed = seed
        self._limit = max(_ALWAYS_TOLERATED, int(_TOLERATED * len(images)))

    def __call__(self, part: Part) -> Crops:
        """Cut every view of every image.

        Raises:
            ArtbenchError: Too many images of the pool can't be read.
        """
        draws = draw(self._views, part.numbers, seed=self._seed, epoch=part.epoch)
        sides = [self._side if view.size is None else view.size for view in self._views]
        pixels = tuple(np.empty((len(part.numbers), side, side, 3), np.uint8) for side in sides)
        for place, number in enumerate(part.numbers.tolist()):
            image = Image.fromarray(self._readable(number))
            for view, side, of, cut in zip(self._views, sides, draws, pixels, strict=True):
                box = crop_box(of.crops[place], width=image.width, height=image.height, scale=view.scale)
                crop = image.resize((side, side), Image.Resampling.BILINEAR, box=box)
                if of.flip[place]:
                    # Five times as fast as copying an array backwards.
                    crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
                cut[place] = np.asarray(crop)
        return Crops(pixels=pixels, draws=draws, epoch=part.epoch, source=part.source)

    def _readable(self, number: int) -> Pixels:
        """The image, or the next one in the pool that can be read, so that every machine gets the same batch."""
        for other in range(number, number + _SUBSTITUTES):
            pixels = self._images[other % len(self._images)]
            if pixels is not None:
                return pixels
            if len(self._images.unreadable) > self._limit:
                break
        reasons = list(self._images.unreadable.values())
        raise ArtbenchError(
            f"at least {len(reasons)} of {len(self._images)} images can't be read: {'; '.join(reasons[:3])}",
            mend="Check the datasets: up to 5 %, or 10 images, are skipped",
        )
