"""Whatever the network: copied, compiled, in bfloat16, at fault, it gives its features or is named."""

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.decode import decode
from artbench.errors import ArtbenchError
from tests.support.extraction import DIM, FAR, GOOD, PREPROCESSING, encoder, features


def test_an_encoder_of_fixed_size_gets_its_size(images: Dataset, tmp_path: Path) -> None:
    class Sees(torch.nn.Module):
        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            return torch.full((len(batch), 1), float(batch.shape[-1]))

    found = features(images, tmp_path, by=encoder(module=Sees(), feature_dim=1, input_size=20))
    assert (found.take(GOOD) == 20).all()


@pytest.mark.integration
def test_a_compiled_network_gives_nearly_the_same_in_a_store_of_its_own(
    images: Dataset, whole: NDArray[np.float32], tmp_path: Path
) -> None:
    features(images, tmp_path, rows=GOOD)
    compiled = features(images, tmp_path, rows=GOOD, compiled=True)
    assert compiled.compiled
    assert compiled.timing.extracted == len(GOOD)
    np.testing.assert_allclose(compiled.take(GOOD), whole, atol=2e-5)
    assert features(images, tmp_path, rows=GOOD, compiled=True).timing.extracted == 0


def test_a_network_is_compiled_for_one_size_of_batch_and_compares_what_is_kept_as_it_is(
    images: Dataset, tmp_path: Path
) -> None:
    sizes = []

    class Looks(torch.nn.Module):
        @torch.compiler.disable
        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            sizes.append(len(batch))
            return torch.ones(len(batch), 1)

    by = encoder(module=Looks(), feature_dim=1)
    for rows in (GOOD[:6], GOOD[:9]):
        features(images, tmp_path, rows=rows, by=by, compiled=True)
    assert sizes == [4, 4, 2, 4]


def test_a_network_that_cannot_be_compiled_is_reported_with_the_way_out(images: Dataset, tmp_path: Path) -> None:
    class Asks(torch.nn.Module):
        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("no kernel for this")

    with pytest.raises(ArtbenchError, match=r"no kernel for this.*leave --compile out"):
        features(images, tmp_path, by=encoder(module=Asks()), compiled=True)


def test_a_module_with_a_memory_never_mixes_up_batches(images: Dataset, tmp_path: Path) -> None:
    class Remembers(torch.nn.Module):
        """Puts its features aside and picks them up later, as modules with hooks do."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = encoder().module
            self.aside = torch.empty(0)

        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            self.aside = self.inner(batch)
            self.inner(batch)
            return self.aside

    by = encoder(module=Remembers())
    alone = features(images, tmp_path / "alone", by=by, workers=1).take(GOOD)
    assert (features(images, tmp_path / "many", by=by, workers=8).take(GOOD) == alone).all()


def test_a_module_that_cant_be_copied_works(images: Dataset, whole: NDArray[np.float32], tmp_path: Path) -> None:
    by = encoder()
    by.module.guard = threading.Lock()  # type: ignore[assignment]
    alone = features(images, tmp_path / "alone", by=by, workers=1).take(GOOD)
    many = features(images, tmp_path / "many", by=by, workers=4).take(GOOD)
    assert (many == alone).all()
    # Its norms aren't folded, for which a copy is needed: other products are rounded than in one that can be copied.
    np.testing.assert_allclose(many, whole, atol=(1e-6 + FAR) * np.abs(whole).max())


def test_copies_share_the_weights(images: Dataset, tmp_path: Path) -> None:
    seen = set()

    class Looks(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))

        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            seen.add(self.weight.data_ptr())
            return self.weight.expand(len(batch), 1)

    features(images, tmp_path, by=encoder(module=Looks(), feature_dim=1), workers=4)
    assert len(seen) == 1


class Odd(torch.nn.Module):
    def __init__(self, width: int, value: float) -> None:
        super().__init__()
        self.width, self.value = width, value

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        if self.value == 13:
            raise RuntimeError("out of paint")
        return torch.full((len(batch), self.width), self.value)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (Odd(3, 1.0), r"shape \(4, 3\), not \(4, 24\)"),
        (Odd(DIM, float("nan")), "not finite for 0000"),
        (Odd(DIM, 13), r"backbone tiny failed \(RuntimeError: out of paint\)"),
    ],
)
def test_a_backbone_at_fault_is_named(module: Odd, message: str, images: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=message):
        features(images, tmp_path, by=encoder(module=module))


def test_bfloat16_features_stay_close(images: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from artbench.features import extract

    monkeypatch.setattr(extract, "choose_feature_dtype", lambda module, device: torch.float32)
    whole = features(images, tmp_path).take(GOOD)
    monkeypatch.setattr(extract, "choose_feature_dtype", lambda module, device: torch.bfloat16)
    found = features(images, tmp_path)
    half = found.take(GOOD)
    cosine = (half * whole).sum(axis=1) / np.linalg.norm(half, axis=1) / np.linalg.norm(whole, axis=1)
    assert found.dtype == "bfloat16"
    assert cosine.min() > 0.999
    assert not (half == whole).all()


@pytest.mark.parametrize(("name", "options"), [("resnet18", {}), ("vit_tiny_patch16_224", {"img_size": 32})])
def test_real_networks_give_the_same_bytes(name: str, options: dict[str, int], images: Dataset, tmp_path: Path) -> None:
    import timm

    torch.manual_seed(0)
    module = timm.create_model(name, num_classes=0, **options).eval()
    by = encoder(module=module, feature_dim=module.num_features)
    rows = GOOD[:30]
    at_once = features(images, tmp_path / "one", by=by, rows=rows, workers=1).take(rows)
    for part in np.array_split(np.random.default_rng(0).permutation(rows), 3):
        features(images, tmp_path / "many", by=by, rows=part, workers=3)
    again = features(images, tmp_path / "many", by=by, rows=rows, workers=3)
    assert again.timing.extracted == 0
    assert (again.take(rows) == at_once).all()
    module.to(memory_format=torch.contiguous_format)
    pixels = decode(images.read(0), short_side=PREPROCESSING.short_side(None), crop=PREPROCESSING.crop_side(None))
    batch = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
    batch = (batch - torch.tensor(by.mean).view(3, 1, 1)) / torch.tensor(by.std).view(3, 1, 1)
    with torch.no_grad():
        plain = module(batch)[0].numpy()
    assert np.allclose(at_once[0], plain, atol=(1e-4 + FAR) * np.abs(plain).max())
