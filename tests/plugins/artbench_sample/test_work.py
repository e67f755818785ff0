"""Images come out the same whenever and in whatever order they are painted."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from artbench_sample.catalogue import Work
from artbench_sample.materials import MATERIALS, leave_traces
from artbench_sample.museums import MUSEUMS, scan
from artbench_sample.planes import planes_of
from artbench_sample.styles.book import STYLES
from artbench_sample.work import paint_work


def _pixels(work: Work, seed: int) -> NDArray[np.uint8]:
    return np.asarray(paint_work(work, seed=seed))


def _signature(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Coarse grey levels without brightness and contrast: what is left of an image when it is copied badly."""
    grey = np.asarray(Image.fromarray(pixels).convert("L").resize((12, 12), Image.Resampling.BOX), dtype=np.float64)
    return np.asarray((grey - grey.mean()) / grey.std())


def test_the_same_seed_gives_the_same_pixels_in_any_order(works: list[Work]) -> None:
    some = [next(work for work in works if work.style == style) for style in sorted(STYLES)]
    some.append(next(work for work in works if work.duplicate_of))
    forwards = [_pixels(work, 7) for work in some]
    backwards = [_pixels(work, 7) for work in reversed(some)][::-1]
    for one, other in zip(forwards, backwards, strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_seed_gives_another_image(works: list[Work]) -> None:
    assert np.abs(_pixels(works[0], 0).astype(int) - _pixels(works[0], 1)).mean() > 5


def test_an_image_has_the_size_of_its_entry_and_something_on_it(works: list[Work]) -> None:
    for work in works[:24]:
        image = paint_work(work, seed=0)
        assert (image.mode, image.size, min(image.size)) == ("RGB", work.size, 256)
        assert np.asarray(image).std() > 8


def test_a_copy_is_near_its_original_and_not_equal(works: list[Work]) -> None:
    by_index = {work.index: work for work in works}
    copies = [work for work in works if work.duplicate_of][:6]
    originals = [_pixels(by_index[copy.duplicate_of], 0) for copy in copies]
    for copy, original in zip(copies, originals, strict=True):
        pixels = _pixels(copy, 0)
        assert not np.array_equal(pixels, original)
        likeness = [float((_signature(pixels) * _signature(other)).mean()) for other in originals]
        assert max(likeness) == (_signature(pixels) * _signature(original)).mean()


@pytest.mark.parametrize("material", MATERIALS)
def test_every_material_leaves_a_trace_but_not_more(material: str, works: list[Work]) -> None:
    plain = planes_of(paint_work(works[3], seed=0))
    traced = leave_traces(np.random.default_rng(0), plain, frozenset({material}))
    change = np.abs(traced - plain).mean()
    assert 1 < change < 40
    assert traced.dtype == np.float32


def test_the_museums_differ_in_border_and_tint() -> None:
    card = np.full((3, 256, 256), 128, dtype=np.float32)
    scans = {
        name: np.mean([np.asarray(scan(np.random.default_rng(k), card, name)) for k in range(20)], axis=0)
        for name in MUSEUMS
    }
    border = {name: image[2:6, 40:-40].mean() for name, image in scans.items()}
    warmth = {
        name: image[100:150, 100:150, 0].mean() - image[100:150, 100:150, 2].mean() for name, image in scans.items()
    }
    assert border["north"] > border["south"] + 40
    assert warmth["south"] > warmth["north"] + 10
