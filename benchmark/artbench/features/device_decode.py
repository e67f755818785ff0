"""Decoding JPEGs on a CUDA device by nvJPEG, and resizing them there."""

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch.nn.functional import interpolate

from artbench.data.decode import decode_path
from artbench.errors import UsageError

# Change it whenever a change here may change a pixel: it is part of the feature store's key.
_VERSION = "nvjpeg-1"
# Images that are decoded at once: at full size they take some megabytes each.
_AT_ONCE = 16


def device_decode_path() -> str:
    """The version of this decoder, with that of the processor's, which decodes what is no plain JPEG."""
    import torchvision

    return f"{_VERSION}-torchvision-{torchvision.__version__}-cuda-{torch.version.cuda}+{decode_path()}"


def check_device_decode(device: str) -> None:
    """Check that a device decodes JPEGs.

    Raises:
        UsageError: It is no CUDA device, or torchvision was built without nvJPEG.
    """
    from torchvision.io import decode_jpeg, encode_jpeg

    mend = "Leave --decode gpu out"
    if device != "cuda":
        raise UsageError(f"--decode gpu needs a CUDA device, and this runs on {device}", mend=mend)
    card = encode_jpeg(torch.zeros(3, 16, 16, dtype=torch.uint8))
    try:
        decode_jpeg([card], device=device)
    except RuntimeError as error:
        raise UsageError(f"torchvision can't decode JPEGs on {device} ({str(error)[:200]})", mend=mend) from error


def decode_on_device(
    files: Mapping[int, bytes], pixels: torch.Tensor, *, short_side: int
) -> Iterator[tuple[int, bytes]]:
    """Decode plain JPEGs (`artbench.data.plain_jpeg`) to places of a batch, and yield those that can't be.

    They are decoded at full size, resized by their short side (bicubic, antialiased) and cropped at the centre.

    Args:
        files: Files by place.
        pixels: uint8, shape (places, crop, crop, 3), on the device; changed in place.
        short_side: Length in pixels to which the short side is resized.
    """
    places = list(files)
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        for place, image in zip(some, _decoded([files[place] for place in some], pixels.device), strict=True):
            if image is None:
                yield place, files[place]
            else:
                pixels[place] = _cropped(image, short_side=short_side, crop=pixels.shape[1])


def _decoded(files: Sequence[bytes], device: torch.device) -> list[torch.Tensor | None]:
    # Takes half a second, and few need it.
    from torchvision.io import ImageReadMode, decode_jpeg

    encoded = [torch.frombuffer(bytearray(data), dtype=torch.uint8) for data in files]
    try:
        return list(decode_jpeg(encoded, mode=ImageReadMode.RGB, device=device))
    except RuntimeError:
        # One of them: which one, whatever it is batched with.
        return [None] if len(files) == 1 else [image for data in files for image in _decoded([data], device)]


def _cropped(image: torch.Tensor, *, short_side: int, crop: int) -> torch.Tensor:
    height, width = (short_side * side // min(image.shape[1:]) for side in image.shape[1:])
    resized = interpolate(image[None].float(), size=(height, width), mode="bicubic", antialias=True)[0]
    top, left = (round((side - crop) / 2) for side in (height, width))
    part = resized[:, top : top + crop, left : left + crop]
    return part.clamp(0, 255).round().to(torch.uint8).permute(1, 2, 0)
