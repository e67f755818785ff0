"""Tokens of images: from the pictures, from memory and from the store, the same and in any order."""

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from artbench.data.dataset import Dataset
from artbench.encoders.backbone import Backbone, Layers
from artbench.encoders.build import build_encoder
from artbench.encoders.encoder import Encoder
from artbench.encoders.tokens import token_encoder
from artbench.errors import ArtbenchError, UsageError
from artbench.features import tokens as reading
from artbench.features.extract import Features
from artbench.features.extract_tokens import extract_tokens
from artbench.features.tokens import ComputedTokens, KeptTokens, TokenRows, TokenSource
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Reporter
from artbench.specs import BackboneSpec
from tests.support import extraction
from tests.support.reporters import RecordingReporter

SIDE, CELLS, WIDTH = 32, 16, 5
ROWS = np.array([row for row in range(20) if row not in (7, 11)])


class Cells(torch.nn.Module):
    """A map of cells of 8 x 8 pixels, and its mean as feature."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = torch.nn.Conv2d(3, WIDTH, 8, stride=8)
        self.mean = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.mean(self.cells(images))
        return features


def _cells(*, layer: str = "cells", scale: float = 1.0) -> Backbone:
    module = Cells()
    module.cells.weight.data *= scale
    return Backbone(
        name="cells",
        module=module,
        feature_dim=WIDTH,
        mean=(0.5, 0.5, 0.5),
        std=(0.2, 0.2, 0.2),
        input_size=SIDE,
        pool="avg",
        layers=partial(Layers, names=(layer,)),
    )


def _encoder(**changes: Any) -> Encoder:
    spec = BackboneSpec(name="cells", description="cells", factory=partial(_cells, **changes))
    return build_encoder(spec, load_plugins().pretrainings.get("random"), seed=0, reporter=RecordingReporter())


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return extraction.paint(tmp_path_factory.mktemp("painted"), 20)


def _tokens(
    of: Dataset, cache: Path, *, by: Encoder | None = None, reporter: Reporter | None = None, **options: Any
) -> tuple[Features, TokenSource]:
    encoder, reporter = by or _encoder(), reporter or RecordingReporter()
    features = extraction.features(of, cache, by=encoder)
    source = extract_tokens(
        encoder, of, features, picture=extraction.PREPROCESSING, cache=cache, device="cpu", reporter=reporter, **options
    )
    return features, source


def test_tokens_are_the_map_that_the_network_pools(images: Dataset, tmp_path: Path) -> None:
    features, source = _tokens(images, tmp_path)
    rows = TokenRows(source, features.rows)
    assert source.shape == rows.shape == (CELLS, WIDTH)
    assert (features.rows == ROWS).all()
    found = rows.take(np.arange(len(rows)))
    assert found.dtype == np.float32
    tolerance = 0.02 if features.dtype == "bfloat16" else 1e-5
    assert found.mean(axis=1) == pytest.approx(features.take(ROWS), abs=tolerance)


def test_any_order_and_size_gives_the_same_tokens(
    images: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = _tokens(images, tmp_path)[1]
    assert isinstance(kept, KeptTokens)
    monkeypatch.setattr(reading, "free_bytes", lambda device: 0)
    features, computed = _tokens(images, tmp_path)
    assert isinstance(computed, ComputedTokens)
    whole = TokenRows(kept, features.rows).take(np.arange(len(ROWS)))
    order = np.random.default_rng(0).permutation(len(ROWS))[:11]
    for source in (kept, computed):
        parts = list(TokenRows(source, features.rows).batches(3, order=order))
        assert [len(part) for part in parts] == [3, 3, 3, 2]
        assert np.concatenate(parts) == pytest.approx(whole[order], rel=1e-5, abs=1e-6)
    assert list(TokenRows(kept, ROWS[:0]).batches()) == []
    assert TokenRows(kept, ROWS).select(order).rows.tolist() == ROWS[order].tolist()


def test_the_store_takes_half_the_bytes_says_so_before_and_is_read_again(images: Dataset, tmp_path: Path) -> None:
    listener = RecordingReporter()
    features, source = _tokens(images, tmp_path, store=True, reporter=listener)
    assert f"18 images x {CELLS} tokens x {WIDTH} in float16, 0.0 MB" in listener.notices[0]
    (file,) = tmp_path.rglob("features.f16")
    assert file.stat().st_size == 2 * 20 * CELLS * WIDTH
    computed = _tokens(images, tmp_path)[1]
    exact, stored = (TokenRows(one, ROWS).take(np.arange(len(ROWS))) for one in (computed, source))
    assert stored == pytest.approx(exact, rel=1e-3, abs=1e-4)
    again = RecordingReporter()
    _tokens(images, tmp_path, store=True, reporter=again)
    assert not [work for work in again.works if "cells" in work]
    assert (features.rows == ROWS).all()


def test_tokens_beyond_float16_are_not_stored(images: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"cells gives values beyond 65,504.*") as caught:
        _tokens(images, tmp_path, by=_encoder(scale=1e7), store=True)
    assert "computed from the pictures" in caught.value.mend


@pytest.mark.parametrize("store", [False, True])
def test_a_picture_that_changes_between_two_passes_is_named(store: bool, images: Dataset, tmp_path: Path) -> None:
    shutil.copytree(images.root, tmp_path / "images")
    own = extraction.dataset(tmp_path, 20)
    encoder = _encoder()
    features = extraction.features(own, tmp_path / "cache", by=encoder)
    options: Any = {"picture": extraction.PREPROCESSING, "cache": tmp_path / "cache", "device": "cpu"}
    if store:
        (tmp_path / "images" / "00003.jpg").unlink()
        with pytest.raises(ArtbenchError, match=r"00003.jpg can't be read any more .* since its features"):
            extract_tokens(encoder, own, features, store=True, reporter=RecordingReporter(), **options)
        return
    source = extract_tokens(encoder, own, features, reporter=RecordingReporter(), **options)
    Image.new("RGB", (40, 40), "teal").save(tmp_path / "images" / "00003.jpg")
    with pytest.raises(ArtbenchError, match=r"00003.jpg has changed since its features"):
        TokenRows(source, features.rows).take(np.arange(4))


def test_networks_without_tokens_get_one_line() -> None:
    histogram = load_plugins().backbones.get("colour-histogram")
    encoder = build_encoder(histogram, load_plugins().pretrainings.get("none"), seed=0, reporter=RecordingReporter())
    with pytest.raises(UsageError, match="colour-histogram has no tokens"):
        token_encoder(encoder, picture=extraction.PREPROCESSING)
    with pytest.raises(ArtbenchError, match="layer 1 of cells gives neither tokens nor a map"):
        token_encoder(_encoder(layer="mean"), picture=extraction.PREPROCESSING)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("vit_tiny_patch16_224", (196, 192)),
        ("vit_tiny_patch16_224@layer=3", (196, 192)),
        ("vit_tiny_patch16_224@pool=avg", (196, 192)),
        ("resnet18", (1, 512)),
        ("resnet18@layer=2", (4, 256)),
        ("convnext_atto", (1, 320)),
    ],
)
def test_tokens_are_patches_alone_or_the_places_of_a_map(name: str, shape: tuple[int, int]) -> None:
    registry = load_plugins()
    spec = registry.backbones.get(name)
    encoder = build_encoder(spec, registry.pretrainings.get("random"), seed=0, reporter=RecordingReporter())
    read = token_encoder(encoder, picture=extraction.PREPROCESSING)
    side = extraction.PREPROCESSING.crop_side(encoder.input_size)
    image = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        tokens = read.encoder.module(image).view(2, read.tokens, read.width)
        pooled = encoder.module(image)
    assert (read.tokens, read.width) == shape
    # ConvNeXt normalises what is pooled, and of one token that is the same.
    if encoder.place.pool == "avg":
        assert (tokens.mean(1) - pooled).abs().max() < 1e-4
