"""Draws, crops and colour operations, against torchvision and Pillow one image at a time."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional

from artbench.pretrain.augment import augment
from artbench.pretrain.draws import Draws, crop_box, draw
from artbench.pretrain.settings import Settings, read_settings
from artbench_moco.methods import moco_v1

SIDE, COUNT = 24, 40


@pytest.fixture
def pixels() -> torch.Tensor:
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (COUNT, SIDE, SIDE, 3)).astype(np.uint8)
    noise[::5] //= 4
    noise[::7, ..., 1] = noise[::7, ..., 0]
    return torch.from_numpy(noise)


def drawn(**values: object) -> Draws:
    settings = Settings.model_validate(values)
    return draw(settings.two_views, np.arange(COUNT), seed=0, epoch=0)[0]


def nothing(draws: Draws) -> Draws:
    off = np.zeros(COUNT, bool)
    return replace(draws, jitter=off, grey=off, blur=off, solarise=off)


def one_by_one(images: torch.Tensor, draws: Draws) -> torch.Tensor:
    """What torchvision does to each image alone."""
    done = []
    for image, factors, order in zip(images, draws.factors.tolist(), draws.order.tolist(), strict=True):
        adjusters = (
            functional.adjust_brightness,
            functional.adjust_contrast,
            functional.adjust_saturation,
            functional.adjust_hue,
        )
        adjusted = image
        for number in order:
            adjusted = adjusters[number](adjusted, factors[number])
        done.append(adjusted)
    return torch.stack(done)


def floats(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.permute(0, 3, 1, 2).float() / 255


def test_colour_jitter_is_torchvisions_in_an_order_of_its_own_for_every_image(pixels: torch.Tensor) -> None:
    draws = drawn(jitter_p=1, hue=0.4)
    assert len({tuple(order) for order in draws.order.tolist()}) > 10
    made = augment(pixels, replace(nothing(draws), jitter=draws.jitter))
    torch.testing.assert_close(made, one_by_one(floats(pixels), draws), atol=2e-5, rtol=0)


def test_grey_and_solarise_are_torchvisions(pixels: torch.Tensor) -> None:
    draws, on = drawn(), np.ones(COUNT, bool)
    grey = augment(pixels, replace(nothing(draws), grey=on))
    torch.testing.assert_close(grey, functional.rgb_to_grayscale(floats(pixels), 3), atol=1e-4, rtol=0)
    solarised = augment(pixels, replace(nothing(draws), solarise=on))
    torch.testing.assert_close(solarised, functional.solarize(floats(pixels), 0.5))


def test_blur_is_gaussian_with_the_images_own_sigma(pixels: torch.Tensor) -> None:
    draws = drawn(blur_sigma_min=0.5, blur_sigma_max=1.0)
    made = augment(pixels, replace(nothing(draws), blur=np.ones(COUNT, bool)))
    for number in range(5):
        sigma = float(draws.sigma[number])
        expected = functional.gaussian_blur(floats(pixels)[number], [15, 15], [sigma, sigma])
        # At the edge torchvision reflects; here the weights are normalised.
        inner = (slice(None), slice(6, -6), slice(6, -6))
        torch.testing.assert_close(made[number][inner], expected[inner], atol=1e-4, rtol=0)
    white = augment(torch.full_like(pixels, 255), replace(nothing(draws), blur=np.ones(COUNT, bool)))
    torch.testing.assert_close(white, torch.ones_like(white))


def test_only_the_images_that_it_was_drawn_for_change(pixels: torch.Tensor) -> None:
    draws = drawn()
    made = augment(pixels, nothing(draws))
    assert torch.equal(made, floats(pixels))
    half = np.arange(COUNT) % 2 == 0
    made = augment(pixels, replace(nothing(draws), grey=half))
    changed = (made != floats(pixels)).flatten(1).any(dim=1).numpy()
    assert not changed[~half].any()
    assert changed[half].sum() > COUNT // 3


def test_shares_and_strengths_are_as_set() -> None:
    settings = Settings()
    first, second = draw(settings.two_views, np.arange(4000), seed=3, epoch=1)
    for draws in (first, second):
        assert draws.jitter.mean() == pytest.approx(0.8, abs=0.03)
        assert draws.grey.mean() == pytest.approx(0.2, abs=0.03)
        assert draws.blur.mean() == pytest.approx(0.5, abs=0.03)
        assert draws.flip.mean() == pytest.approx(0.5, abs=0.03)
        assert not draws.solarise.any()
        assert 0.1 <= draws.sigma.min() < 0.12
        assert 1.98 < draws.sigma.max() <= 2
        low, high = draws.factors.min(axis=0), draws.factors.max(axis=0)
        np.testing.assert_allclose(low, [0.6, 0.6, 0.6, -0.1], atol=0.01)
        np.testing.assert_allclose(high, [1.4, 1.4, 1.4, 0.1], atol=0.01)
    assert (first.flip != second.flip).mean() == pytest.approx(0.5, abs=0.03)


def test_draws_depend_on_seed_epoch_and_image_and_on_nothing_else() -> None:
    views = Settings().two_views
    many = draw(views, np.array([5, 9, 2]), seed=1, epoch=2)[0]
    alone = draw(views, np.array([9]), seed=1, epoch=2)[0]
    assert np.array_equal(many.crops[1], alone.crops[0])
    for seed, epoch, image in ((2, 2, 9), (1, 3, 9), (1, 2, 8)):
        assert not np.array_equal(draw(views, np.array([image]), seed=seed, epoch=epoch)[0].crops[0], alone.crops[0])


def test_crops_cover_areas_and_shapes_of_the_range_within_the_image() -> None:
    draws = draw(Settings().two_views, np.arange(2000), seed=0, epoch=0)[0]
    boxes = np.array([crop_box(row, width=300, height=200, scale=(0.2, 1)) for row in draws.crops])
    widths, heights = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    areas, ratios = widths * heights / 60_000, widths / heights
    assert (boxes >= 0).all()
    assert (boxes[:, 2] <= 300 + 1e-9).all()
    assert (boxes[:, 3] <= 200 + 1e-9).all()
    assert 0.2 <= areas.min() < 0.21
    assert areas.max() > 0.85
    assert 0.75 <= ratios.min() < 0.77
    assert 1.3 < ratios.max() <= 4 / 3 + 1e-9
    boxes = np.array([crop_box(row, width=300, height=200, scale=(0.1, 0.4)) for row in draws.crops])
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) / 60_000
    assert 0.1 <= areas.min() < 0.11
    assert 0.39 < areas.max() <= 0.4 + 1e-9
    # Nothing fits a strip: the largest centre crop.
    left, top, right, bottom = crop_box(draws.crops[0], width=1000, height=10, scale=(0.9, 1))
    assert (top, bottom) == (0, 10)
    assert (left + right) / 2 == 500
    assert right - left == pytest.approx(40 / 3)


def test_the_first_moco_greys_before_it_jitters(pixels: torch.Tensor) -> None:
    settings = read_settings(moco_v1().settings)
    draws = draw(settings.two_views, np.arange(COUNT), seed=0, epoch=0)[0]
    assert draws.jitter.all()
    assert 0 < draws.grey.sum() < COUNT
    grey = torch.from_numpy(draws.grey).view(-1, 1, 1, 1)
    images = torch.where(grey, functional.rgb_to_grayscale(floats(pixels), 3), floats(pixels))
    torch.testing.assert_close(augment(pixels, draws), one_by_one(images, draws), atol=2e-4, rtol=0)
    assert not draw(Settings().two_views, np.arange(COUNT), seed=0, epoch=0)[0].grey_first
