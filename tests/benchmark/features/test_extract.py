"""Features are the network's, the same bytes however they came about, and only made once."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from artbench.data.dataset import Dataset
from artbench.data.decode import decode
from artbench.errors import ArtbenchError
from artbench.features.batches import EMPTY, batches
from artbench.features.forward import choose_dtype
from artbench.features.parallel import in_threads
from tests.benchmark.features.tiny import DIM, PICTURE, Listener, encoder, features, paint

COUNT = 90
GOOD = np.array([row for row in range(COUNT) if row not in (7, 11)])
# Of bfloat16, which extraction uses where the processor has it, to what float32 gives, in parts of the largest value.
FAR = 0.02 if choose_dtype("cpu") == torch.bfloat16 else 0.0


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return paint(tmp_path_factory.mktemp("tiny"), COUNT)


@pytest.fixture(scope="module")
def whole(pictures: Dataset, tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.float32]:
    return features(pictures, tmp_path_factory.mktemp("whole")).take(GOOD)


def test_they_are_what_the_network_gives(pictures: Dataset, whole: NDArray[np.float32]) -> None:
    by = encoder()
    for feature, row in zip(whole, GOOD.tolist(), strict=True):
        pixels = decode(pictures.read(row), short_side=PICTURE.short_side(None), crop=PICTURE.crop_side(None))
        batch = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
        batch = (batch - torch.tensor(by.mean).view(3, 1, 1)) / torch.tensor(by.std).view(3, 1, 1)
        expected = by.module(batch)[0].numpy()
        assert np.allclose(feature, expected, atol=2e-5 + FAR * np.abs(expected).max())


def test_an_encoder_of_fixed_size_gets_its_size(pictures: Dataset, tmp_path: Path) -> None:
    class Sees(torch.nn.Module):
        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            return torch.full((len(batch), 1), float(batch.shape[-1]))

    found = features(pictures, tmp_path, by=encoder(module=Sees(), feature_dim=1, input_size=20))
    assert (found.take(GOOD) == 20).all()


def test_a_compiled_network_gives_nearly_the_same_in_a_store_of_its_own(
    pictures: Dataset, whole: NDArray[np.float32], tmp_path: Path
) -> None:
    features(pictures, tmp_path, rows=GOOD)
    compiled = features(pictures, tmp_path, rows=GOOD, compiled=True)
    assert compiled.compiled
    assert compiled.timing.extracted == len(GOOD)
    np.testing.assert_allclose(compiled.take(GOOD), whole, atol=2e-5)
    assert features(pictures, tmp_path, rows=GOOD, compiled=True).timing.extracted == 0


def test_a_network_that_cannot_be_compiled_is_told_with_the_way_out(pictures: Dataset, tmp_path: Path) -> None:
    class Asks(torch.nn.Module):
        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("no kernel for this")

    with pytest.raises(ArtbenchError, match=r"no kernel for this.*leave --compile out"):
        features(pictures, tmp_path, by=encoder(module=Asks()), compiled=True)


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_the_number_of_threads_changes_no_byte(
    workers: int, pictures: Dataset, whole: NDArray[np.float32], tmp_path: Path
) -> None:
    threads = torch.get_num_threads()
    assert (features(pictures, tmp_path, workers=workers).take(GOOD) == whole).all()
    assert torch.get_num_threads() == threads


def test_neither_do_neighbours_nor_order(pictures: Dataset, whole: NDArray[np.float32], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for part in np.array_split(random.permutation(COUNT), 7):
        features(pictures, tmp_path, rows=part)
    again = features(pictures, tmp_path, rows=GOOD)
    assert (again.take(GOOD) == whole).all()
    assert again.timing.extracted == 0
    assert again.timing.images_per_s is None


def test_what_is_kept_is_not_extracted_again(pictures: Dataset, whole: NDArray[np.float32], tmp_path: Path) -> None:
    first = features(pictures, tmp_path, rows=np.arange(0, COUNT, 2))
    second = features(pictures, tmp_path)
    fresh = features(pictures, tmp_path, fresh=True, rows=np.arange(10))
    assert [run.timing.extracted for run in (first, second, fresh)] == [45, 45, 10]
    assert second.timing.images_per_s is not None
    assert 0 < (second.timing.waiting or 0) < 1
    assert (second.take(GOOD) == whole).all()


def test_unreadable_pictures_are_named_and_left_out(pictures: Dataset, tmp_path: Path) -> None:
    listener = Listener()
    found = features(pictures, tmp_path, reporter=listener)
    assert set(found.unreadable) == {7, 11}
    assert "file can't be read" in found.unreadable[11]
    assert found.rows.tolist() == GOOD.tolist()
    (notice,) = listener.notices
    assert notice == f"2 of {COUNT} pictures can't be read, the first of them 00007.jpg: {found.unreadable[7]}"
    with pytest.raises(KeyError, match="7"):
        found.take(np.array([3, 7]))


def test_take_keeps_the_order_and_refuses_what_was_not_asked_for(pictures: Dataset, tmp_path: Path) -> None:
    found = features(pictures, tmp_path, rows=[1, 2, 3, 3])
    taken = found.take(np.array([3, 1, 3]))
    assert (taken[0] == taken[2]).all()
    assert (taken[1] == found.matrix[1]).all()
    with pytest.raises(KeyError):
        found.take(np.array([4]))


def test_a_file_that_is_back_is_read_the_next_time(tmp_path: Path) -> None:
    pictures = paint(tmp_path, 20)
    assert 11 in features(pictures, tmp_path / "cache").unreadable
    Image.new("RGB", (40, 40)).save(pictures.path(11))
    assert set(features(pictures, tmp_path / "cache").unreadable) == {7}


def test_changed_code_under_an_old_name_is_noticed(pictures: Dataset, tmp_path: Path) -> None:
    features(pictures, tmp_path, rows=GOOD)
    by = encoder()
    changed = replace(by, module=torch.nn.Sequential(by.module, torch.nn.ReLU()))
    listener = Listener()
    found = features(pictures, tmp_path, rows=GOOD, by=changed, reporter=listener)
    assert found.timing.extracted == len(GOOD)
    assert "its code or a picture has changed" in listener.notices[0]
    assert (found.take(GOOD) >= 0).all()


def test_an_interrupt_keeps_what_is_done_and_leaves_no_thread(
    pictures: Dataset, whole: NDArray[np.float32], tmp_path: Path
) -> None:
    def interrupt() -> None:
        if listener.counted >= 30:
            raise KeyboardInterrupt

    listener = Listener(each=interrupt)
    with pytest.raises(KeyboardInterrupt):
        features(pictures, tmp_path, reporter=listener, workers=4)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("artbench")]
    rest = features(pictures, tmp_path)
    assert COUNT - 40 <= rest.timing.extracted <= COUNT - 28
    assert (rest.take(GOOD) == whole).all()


def test_a_module_with_a_memory_never_mixes_up_batches(pictures: Dataset, tmp_path: Path) -> None:
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
    alone = features(pictures, tmp_path / "alone", by=by, workers=1).take(GOOD)
    assert (features(pictures, tmp_path / "many", by=by, workers=8).take(GOOD) == alone).all()


def test_a_module_that_cant_be_copied_works(pictures: Dataset, whole: NDArray[np.float32], tmp_path: Path) -> None:
    by = encoder()
    by.module.guard = threading.Lock()  # type: ignore[assignment]
    assert (features(pictures, tmp_path, by=by, workers=4).take(GOOD) == whole).all()


def test_copies_share_the_weights(pictures: Dataset, tmp_path: Path) -> None:
    seen = set()

    class Looks(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))

        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            seen.add(self.weight.data_ptr())
            return self.weight.expand(len(batch), 1)

    features(pictures, tmp_path, by=encoder(module=Looks(), feature_dim=1), workers=4)
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
def test_a_backbone_at_fault_is_named(module: Odd, message: str, pictures: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=message):
        features(pictures, tmp_path, by=encoder(module=module))


def test_progress_tells_the_rate_and_the_waiting(pictures: Dataset, tmp_path: Path) -> None:
    listener = Listener()
    features(pictures, tmp_path, reporter=listener)
    assert listener.counted == COUNT
    assert "images/s" in listener.notes[-1]
    assert "% waiting" in listener.notes[-1]


@pytest.mark.parametrize("size", [1, 3, 8, 128])
def test_a_row_has_one_place_whatever_goes_with_it(size: int) -> None:
    def places(table: NDArray[np.int64]) -> dict[int, int]:
        return {int(row): place for batch in table for place, row in enumerate(batch) if row != EMPTY}

    random = np.random.default_rng(0)
    everything = places(batches(np.arange(5000), size))
    assert len(everything) == 5000
    for rows in (random.permutation(5000)[:700], np.arange(0, 5000, size), np.arange(13, 5000, 10)):
        some = places(batches(rows, size))
        assert some == {row: everything[row] for row in rows.tolist()}


def test_batches_are_nearly_full() -> None:
    assert len(batches(np.arange(4096), 8)) == 512
    for step in (2, 3, 7, 8, 9, 10, 64, 100):
        rows = np.arange(0, 400_000, step)
        assert len(batches(rows, 8)) < 1.15 * len(rows) / 8


def test_threads_work_no_further_ahead_than_they_may() -> None:
    taken = []

    def items() -> list[int]:
        return list(range(50))

    def work(item: int) -> int:
        taken.append(item)
        return item * item

    results = in_threads(work, items(), threads=3)
    assert [next(results) for _ in range(4)] == [0, 1, 4, 9]
    results.close()
    assert len(taken) <= 4 + 6


def test_what_work_raises_comes_out() -> None:
    def work(item: int) -> int:
        return 1 // (3 - item)

    with pytest.raises(ZeroDivisionError):
        list(in_threads(work, range(10), threads=2))


def test_bfloat16_only_where_the_processor_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from artbench.features import forward

    monkeypatch.setattr(forward, "_cpu_flags", lambda: {"avx2", "avx512f"})
    assert choose_dtype("cpu") == torch.float32
    monkeypatch.setattr(forward, "_cpu_flags", lambda: {"avx2", "avx512_bf16"})
    assert choose_dtype("cpu") == torch.bfloat16


def test_bfloat16_features_stay_close(pictures: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from artbench.features import extract

    monkeypatch.setattr(extract, "choose_dtype", lambda device: torch.float32)
    whole = features(pictures, tmp_path).take(GOOD)
    monkeypatch.setattr(extract, "choose_dtype", lambda device: torch.bfloat16)
    found = features(pictures, tmp_path)
    half = found.take(GOOD)
    cosine = (half * whole).sum(axis=1) / np.linalg.norm(half, axis=1) / np.linalg.norm(whole, axis=1)
    assert found.dtype == "bfloat16"
    assert cosine.min() > 0.999
    assert not (half == whole).all()


@pytest.mark.parametrize(("name", "options"), [("resnet18", {}), ("vit_tiny_patch16_224", {"img_size": 32})])
def test_real_networks_give_the_same_bytes(
    name: str, options: dict[str, int], pictures: Dataset, tmp_path: Path
) -> None:
    import timm

    torch.manual_seed(0)
    module = timm.create_model(name, num_classes=0, **options).eval()
    by = encoder(module=module, feature_dim=module.num_features)
    rows = GOOD[:30]
    at_once = features(pictures, tmp_path / "one", by=by, rows=rows, workers=1).take(rows)
    for part in np.array_split(np.random.default_rng(0).permutation(rows), 3):
        features(pictures, tmp_path / "many", by=by, rows=part, workers=3)
    again = features(pictures, tmp_path / "many", by=by, rows=rows, workers=3)
    assert again.timing.extracted == 0
    assert (again.take(rows) == at_once).all()
    module.to(memory_format=torch.contiguous_format)
    pixels = decode(pictures.read(0), short_side=PICTURE.short_side(None), crop=PICTURE.crop_side(None))
    batch = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
    batch = (batch - torch.tensor(by.mean).view(3, 1, 1)) / torch.tensor(by.std).view(3, 1, 1)
    with torch.no_grad():
        plain = module(batch)[0].numpy()
    assert np.allclose(at_once[0], plain, atol=(1e-4 + FAR) * np.abs(plain).max())
