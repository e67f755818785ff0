"""Several hundred mutated files: none crashes, each is decoded or named."""

import io

import numpy as np
import pytest
from PIL import Image

from artbench.data.decode import UnreadableImage, decode
from artbench.runtime.untrusted import memory_limit

KINDS: list[tuple[str, str, dict[str, object]]] = [
    ("JPEG", "RGB", {}),
    ("JPEG", "RGB", {"progressive": True}),
    ("JPEG", "CMYK", {}),
    ("PNG", "RGB", {}),
    ("PNG", "P", {}),
    ("PNG", "RGBA", {}),
    ("WEBP", "RGB", {}),
    ("WEBP", "RGBA", {"lossless": True}),
    ("TIFF", "RGB", {}),
    ("TIFF", "L", {"compression": "tiff_lzw"}),
    ("TIFF", "RGB", {"compression": "tiff_adobe_deflate"}),
    ("GIF", "P", {}),
    ("BMP", "RGB", {}),
]
MUTANTS = 50


def mutate(data: bytes, random: np.random.Generator) -> bytes:
    """Flip, overwrite, cut out, double or cut off some bytes; headers are hit as often as pixels."""
    spoilt = bytearray(data)
    for _ in range(random.integers(1, 6)):
        end = min(len(spoilt), int(random.choice([64, 512, len(spoilt)])))
        if end < 2:
            break
        at = int(random.integers(0, end))
        length = int(random.integers(1, 17))
        match random.integers(0, 6):
            case 0:
                spoilt[at] ^= 1 << int(random.integers(0, 8))
            case 1:
                spoilt[at : at + length] = random.bytes(length)
            case 2:
                del spoilt[at : at + length]
            case 3:
                spoilt[at:at] = spoilt[at : at + length]
            case 4:
                spoilt[at : at + length] = bytes([int(random.choice([0, 255]))]) * length
            case _:
                del spoilt[max(2, int(len(spoilt) * random.random())) :]
    return bytes(spoilt)


@pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")
@pytest.mark.parametrize(("format_", "mode", "options"), KINDS)
def test_mutants_are_decoded_or_named(format_: str, mode: str, options: dict[str, object]) -> None:
    fuzz(format_, mode, options, seed=len(format_) + len(mode) + len(options), count=MUTANTS)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")
@pytest.mark.parametrize(("format_", "mode", "options"), KINDS)
def test_a_thousand_mutants_each(format_: str, mode: str, options: dict[str, object]) -> None:
    # What is within the limit of pixels may take gigabytes; none of these small files is.
    with memory_limit(10**9):
        fuzz(format_, mode, options, seed=1_000, count=1_000)


def fuzz(format_: str, mode: str, options: dict[str, object], *, seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (6, 8, 3), np.uint8)
    file = io.BytesIO()
    image = Image.fromarray(small).resize((96, 72), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = 6
    image.convert(mode).save(file, format_, exif=exif.tobytes(), **options)
    reasons = [reason_of(mutate(file.getvalue(), random)) for _ in range(count)]
    assert any(reasons)
    assert not {"named without a reason", "decoded to another shape"} & set(reasons)
    assert all("\n" not in reason for reason in reasons)


def reason_of(data: bytes) -> str:
    """Why it can't be decoded; empty if it can."""
    try:
        pixels = decode(data, short_side=36, crop=32)
    except UnreadableImage as error:
        return error.reason or "named without a reason"
    except MemoryError:
        return "its pixels would take more than a gigabyte"
    return "" if pixels.shape == (32, 32, 3) else "decoded to another shape"
