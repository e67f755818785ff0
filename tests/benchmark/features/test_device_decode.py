"""JPEGs that a device decodes: nearly the processor's pixels, all else by the processor, and a store of its own.

nvJPEG needs a CUDA device; torchvision's decoder for the CPU takes its place.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from artbench.data.decode import decode
from artbench.data.plain_jpeg import plain_jpeg
from artbench.errors import UsageError
from artbench.features import extract as extracting
from artbench.features import pipeline
from artbench.features.device_decode import check_device_decode, decode_on_device
from artbench.features.lane import Lane
from tests.support.extraction import dataset, features


def painted(mode: str = "RGB", *, size: tuple[int, int] = (90, 60)) -> Image.Image:
    """Soft shapes, as JPEG keeps them."""
    coarse = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).convert(mode)


def jpeg(image: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **({"quality": 95} | options))
    return file.getvalue()


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return jpeg(painted(), exif=exif)


ODD = {
    "progressive": jpeg(painted(), progressive=True),
    "grey": jpeg(painted("L")),
    "CMYK": jpeg(painted("CMYK")),
    "RGB": jpeg(painted(), keep_rgb=True),
    "turned": turned(),
    "with a profile": jpeg(painted(), icc_profile=b"\0" * 200),
    "cut short": jpeg(painted())[:-40],
    "very long": jpeg(painted(size=(900, 10))),
    "no JPEG": b"\x89PNG\r\n\x1a\n",
    "broken": b"\xff\xd8\xff\xe0 broken\xff\xd9",
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_images_are_left_to_the_processor(kind: str) -> None:
    assert not plain_jpeg(ODD[kind])


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("size", [(90, 60), (61, 97)])
def test_plain_ones_get_nearly_the_processors_pixels(subsampling: str, size: tuple[int, int]) -> None:
    data = jpeg(painted(size=size), subsampling=subsampling)
    assert plain_jpeg(data)
    pixels = torch.zeros(3, 28, 28, 3, dtype=torch.uint8)
    assert list(decode_on_device({1: data}, pixels, short_side=32)) == []
    expected = decode(data, short_side=32, crop=28)
    assert np.abs(pixels[1].numpy().astype(int) - expected).mean() < 2
    assert not pixels[[0, 2]].any()


def test_what_a_device_refuses_costs_no_other_image() -> None:
    good, bad = jpeg(painted()), b"\xff\xd8\xff\xe0 broken\xff\xd9"
    pixels = torch.zeros(3, 28, 28, 3, dtype=torch.uint8)
    assert list(decode_on_device({0: good, 1: bad, 2: good}, pixels, short_side=32)) == [(1, bad)]
    assert torch.equal(pixels[0], pixels[2])
    assert pixels[0].any()


def test_features_are_kept_apart_and_odd_images_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    files = [jpeg(painted()), ODD["CMYK"], turned(), ODD["cut short"], jpeg(painted(size=(70, 70)))]
    for number, data in enumerate(files):
        (folder / f"{number:05}.jpg").write_bytes(data)
    images = dataset(tmp_path, len(files))
    monkeypatch.setattr(pipeline, "streamed", lambda device: True)
    monkeypatch.setattr(pipeline, "lane_to", Lane)
    monkeypatch.setattr(extracting, "check_device_decode", lambda device: None)
    by_cpu = features(images, tmp_path / "cache")
    by_device = features(images, tmp_path / "cache", decoder="gpu")
    assert by_device.timing.extracted == 5
    assert (by_cpu.decoder, by_device.decoder) == ("cpu", "gpu")
    assert set(by_device.unreadable) == set(by_cpu.unreadable) == {3}
    assert np.array_equal(by_cpu.matrix[[1, 2]], by_device.matrix[[1, 2]])
    assert not np.array_equal(by_cpu.matrix[[0, 4]], by_device.matrix[[0, 4]])
    assert np.allclose(by_cpu.matrix[[0, 4]], by_device.matrix[[0, 4]], atol=0.05)
    # The first and the last are extracted again, on the device too, and are what is kept.
    again = features(images, tmp_path / "cache", decoder="gpu")
    assert again.timing.extracted == 0


def test_without_a_cuda_device_it_is_refused_in_a_line() -> None:
    with pytest.raises(UsageError, match="--decode gpu needs a CUDA device, and this runs on cpu"):
        check_device_decode("cpu")
