"""What the scripts of this folder about features share: images, encoders, and the peer's way to extract."""

import io
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from artbench.data.dataset import Dataset
from artbench.encoders.encoder import Encoder
from artbench.features.extract import Features, extract
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.progress import Silent

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def jpeg(width: int, height: int, *, seed: int) -> bytes:
    """Large shapes, fine texture and grain, at the size in bytes that scans of paintings have."""
    random = np.random.default_rng(seed)
    pixels = np.zeros((height, width, 3), np.float32)
    for cells, weight in ((6, 90), (60, 30), (400, 12)):
        coarse = random.uniform(-1, 1, (cells * height // width + 1, cells, 3)).astype(np.float32)
        layers = [
            np.asarray(Image.fromarray(coarse[..., c]).resize((width, height), Image.Resampling.BICUBIC))
            for c in range(3)
        ]
        pixels += weight * np.stack(layers, axis=-1)
    pixels += random.normal(0, 5, pixels.shape) + 120
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


def collection(folder: Path, *, count: int, size: tuple[int, int], different: int = 12) -> Dataset:
    """`count` images, in one class folder as ImageFolder wants it; after `different` of them they repeat."""
    (folder / "one").mkdir(parents=True)
    files = [jpeg(*size, seed=seed) for seed in range(different)]
    names = [f"one/{number:05}.jpg" for number in range(count)]
    for number, name in enumerate(names):
        (folder / name).write_bytes(files[number % different])
    return Dataset(name="images", root=folder, ids=names, files=names)


def encoder(name: str) -> Encoder:
    """A network of timm's with its own random weights: what they are changes no time."""
    torch.manual_seed(0)
    module = timm.create_model(name, num_classes=0).eval().requires_grad_(False)
    return Encoder(
        backbone=name,
        pretraining="random",
        module=module,
        feature_dim=module.num_features,
        mean=MEAN,
        std=STD,
        input_size=None,
        weights_sha256="0" * 64,
        source="random",
        parameters=1,
    )


def ours(by: Encoder, of: Dataset, cache: Path) -> Features:
    rows = np.arange(len(of))
    return extract([by], of, rows, picture=DEFAULT_PROTOCOL.picture, cache=cache, device="cpu", reporter=Silent())[0]


def peer(by: Encoder, folder: Path) -> torch.Tensor:
    """What CLIP_benchmark and solo-learn do: ImageFolder, Pillow transforms, DataLoader, float32, default layout."""
    preprocess = transforms.Compose(
        [
            transforms.Resize(279, interpolation=transforms.InterpolationMode.BICUBIC),
            transforms.CenterCrop(244),
            transforms.ToTensor(),
            transforms.Normalize(by.mean, by.std),
        ]
    )
    loader = DataLoader(datasets.ImageFolder(folder, preprocess), batch_size=64, num_workers=2, shuffle=False)
    module = by.module.to(memory_format=torch.contiguous_format)
    with torch.no_grad():
        return torch.cat([module(pixels) for pixels, _ in loader])


def fresh(by: Encoder) -> Encoder:
    """The encoder with a module of its own, in the default layout."""
    return replace(encoder(by.backbone), mean=by.mean, std=by.std)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
