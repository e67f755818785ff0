"""artbench from Python, as a notebook or another package uses it."""

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import artbench
from artbench.evaluation.request import RunRequest
from tests.support.plugins import JUDGED, TOY
from tests.support.reporters import RecordingReporter


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def test_importing_artbench_is_light() -> None:
    code = "import artbench, sys; print(dir(artbench)); sys.exit(bool({'torch', 'numpy', 'pluggy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0
    assert "load_encoder" in done.stdout


def test_submodules_of_the_same_name_do_not_take_the_functions_over() -> None:
    assert RunRequest.__module__ == "artbench.evaluation.request"
    assert callable(artbench.run)
    assert callable(artbench.features)
    assert all(getattr(artbench, name) is not None for name in artbench.__all__)


def test_one_combination_gives_its_record(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    listener = RecordingReporter()
    record: artbench.Record = artbench.run(
        backbone="toy-patches",
        pretraining="random",
        task="toy-colour",
        device="cpu",
        plugins=[TOY],
        reporter=listener,
    )
    assert (record.task, record.backbone, record.pretraining) == ("toy-colour", "toy-patches", "random")
    assert listener.steps
    assert (tmp_path / "results" / "leaderboards" / "toy-colour.md").is_file()
    assert capfd.readouterr().out == ""


def test_several_give_a_list_and_what_is_on_record_is_read(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "artbench")
    first: list[artbench.Record] = artbench.run(
        backbone=["toy-patches"],
        pretraining="random",
        task=("toy-colour", "toy-traits"),
        plugins=[TOY],
        results="here",
        device="cpu",
    )
    assert [record.task for record in first] == ["toy-colour", "toy-traits"]
    assert any("toy-colour" in line for line in caplog.messages)
    one = artbench.run(
        backbone="toy-patches", pretraining="random", task="toy-traits", plugins=[TOY], results="here", device="cpu"
    )
    assert one == first[1]


def test_an_encoder_that_fails_is_named_and_the_others_are_in_the_exception() -> None:
    with pytest.raises(artbench.IncompleteRun, match=r"toy-broken, random: .*out of paint") as caught:
        artbench.run(
            backbone=["toy-patches", "toy-broken"], pretraining="random", task="toy-colour", plugins=[TOY], device="cpu"
        )
    assert [record.backbone for record in caught.value.records] == ["toy-patches"]
    assert list(caught.value.failures) == ["toy-broken, random"]
    assert isinstance(caught.value, artbench.ArtbenchError)


def test_wrong_names_are_usage_errors_with_the_nearest() -> None:
    with pytest.raises(artbench.UsageError, match="toy-colour"):
        artbench.run(backbone="toy-patches", pretraining="random", task="toy-color", plugins=[TOY])
    with pytest.raises(artbench.UsageError, match="toy-patches"):
        artbench.load_encoder("toy-patchs", "random", plugins=[TOY])
    with pytest.raises(artbench.UsageError, match="one of"):
        artbench.features(backbone="toy-patches", pretraining="random", plugins=[TOY])


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "toy"
    folder.mkdir(parents=True)
    from tests.support.plugins import toy_plugin

    toy_plugin.paint(folder)
    return folder


def test_a_loaded_encoder_gives_the_features_that_are_stored(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_DATA", str(toy.parent))
    ids, matrix = artbench.features(
        backbone="toy-patches", pretraining="random", dataset="toy", plugins=[TOY], device="cpu"
    )
    assert (len(ids), matrix.shape, matrix.dtype.name) == (90, (90, 128), "float32")
    encoder = artbench.load_encoder("toy-patches", "random", plugins=[TOY])
    assert encoder.feature_dim == 128
    images = torch.stack([encoder.preprocess(toy / name) for name in ids[:6]])
    assert (images.shape, images.dtype) == ((6, 3, encoder.input_side, encoder.input_side), torch.float32)
    found = encoder(images)
    assert not found.requires_grad
    similarity = torch.nn.functional.cosine_similarity(found, torch.from_numpy(matrix[:6]))
    assert similarity.min() > 0.999
    assert not any(parameter.requires_grad for parameter in encoder.module.parameters())
    assert encoder.weights_sha256[:12] in repr(encoder)


def test_the_targets_of_a_task_are_what_it_asks_of_its_images(toy: Path) -> None:
    found = artbench.targets(task="toy-colour", data={"toy": toy}, plugins=[TOY])
    assert found.classes == ("red", "green", "blue")
    assert (found.groups, found.rounds) == (None, 1)
    assert found.labels.dtype == np.int64
    assert found.splits.tolist() == ["train"] * 60 + ["test"] * 30
    assert [int(name[:3]) % 3 for name in found.ids] == found.labels.tolist()
    assert repr(found) == "TaskTargets(90 images: 30 test, 60 train; 3 classes)"
    labels = artbench.targets(task="toy-traits", data={"toy": toy}, plugins=[TOY]).labels
    assert (labels.dtype.name, labels.shape) == ("bool", (90, 2))
    with pytest.raises(artbench.UsageError, match="toy-colour has no round 1"):
        artbench.targets(task="toy-colour", round=1, data={"toy": toy}, plugins=[TOY])


def test_groups_and_rounds_of_a_task_are_told(toy: Path) -> None:
    first, second = (
        artbench.targets(task="toy-splits", round=number, data={"toy": toy}, plugins=[TOY, JUDGED]) for number in (0, 1)
    )
    assert first.rounds == second.rounds == 2
    assert first.ids != second.ids
    assert first.groups is not None
    assert 1 < len(set(first.groups)) < len(first.groups) == len(first.ids)


def test_the_features_of_a_task_are_those_of_its_images(toy: Path) -> None:
    table = artbench.features(
        backbone="toy-patches", pretraining="random", task="toy-colour", data={"toy": toy}, plugins=[TOY], device="cpu"
    )
    assert table.ids[0] == "000.png"
    assert table.matrix.shape == (90, 128)
    assert repr(table) == "FeatureMatrix(90 images, 128 features)"
    (toy / "003.png").unlink()
    with pytest.raises(artbench.ArtbenchError, match="allow-partial"):
        artbench.features(
            backbone="toy-patches",
            pretraining="random",
            task="toy-colour",
            data={"toy": toy},
            plugins=[TOY],
            device="cpu",
        )


def test_a_pillow_image_is_preprocessed_like_its_file_and_not_changed(tmp_path: Path) -> None:
    encoder = artbench.load_encoder("toy-patches", "random", plugins=[TOY])
    pixels = np.random.default_rng(0).integers(0, 256, (300, 500, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    Image.fromarray(pixels).resize((4000, 2400)).save(tmp_path / "large.jpg", exif=exif)
    with Image.open(tmp_path / "turned.png") as image:
        assert torch.equal(encoder.preprocess(image), encoder.preprocess(tmp_path / "turned.png"))
    with Image.open(tmp_path / "large.jpg") as image:
        difference = encoder.preprocess(image) - encoder.preprocess(str(tmp_path / "large.jpg"))
        assert image.size == (4000, 2400)
        assert difference.abs().mean() < 0.05


def test_an_image_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    encoder = artbench.load_encoder("toy-patches", "random", plugins=[TOY])
    (tmp_path / "no.jpg").write_bytes(b"no image")
    with pytest.raises(artbench.ArtbenchError, match=r"no\.jpg.*not a JPEG"):
        encoder.preprocess(tmp_path / "no.jpg")
    with pytest.raises(artbench.ArtbenchError, match=r"absent\.jpg"):
        encoder.preprocess(tmp_path / "absent.jpg")


def test_plugins_left_out_are_reported(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("raise RuntimeError('no')")
    listener = RecordingReporter()
    artbench.load_encoder("toy-patches", "random", plugins=[TOY, tmp_path / "bad.py"], reporter=listener)
    assert any("bad" in line and "no" in line for line in listener.notices)
