"""What a training leaves, what it tells and what it refuses."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import torch

from artbench.data.pool import read_manifest
from artbench.encoders.build import build_encoder
from artbench.encoders.provenance import training_history
from artbench.errors import ArtbenchError, UsageError
from artbench.pretrain import setup
from artbench.pretrain.method import Method, Networks, Objective
from artbench.pretrain.online_knn import OnlineKnn
from artbench.pretrain.settings import Settings, read_settings
from artbench.pretrain.training import Training
from artbench.runtime.progress import Silent
from tests.support import training as toys
from tests.support.reporters import RecordingReporter
from tests.support.training_folder import assert_same, log, state, weights


def test_the_encoder_states_its_origin(images: Path, tmp_path: Path) -> None:
    work = toys.training(images, plugins={"toys": "1.0"})
    assert toys.train(work, tmp_path / "out") == tmp_path / "out" / "encoder.safetensors"
    encoder = build_encoder(work.backbone, tmp_path / "out", seed=0, reporter=Silent())
    assert encoder.pretraining == "out"
    assert encoder.training is not None
    assert encoder.training.key == work.key
    assert encoder.training.settings["temperature"] == 0.2
    assert encoder.training.batch_norm == "over sub-batches of 4, shuffled for the targets"
    assert encoder.training.images_seen == 6 * 16
    assert encoder.pool is not None
    assert encoder.pool.summary.sha256 == work.pool.manifest.sha256
    assert read_manifest(tmp_path / "out" / "pool.json") == work.pool.manifest
    before = toys.backbone().module.state_dict()
    after = weights(tmp_path / "out")
    assert after.keys() == before.keys()
    assert not torch.equal(after["0.weight"], before["0.weight"])
    assert log(tmp_path / "out")[-1]["step"] == 6


def test_the_test_images_are_not_trained_on(images: Path) -> None:
    pooled = toys.pool(images).manifest.images_of("toys")
    assert pooled == {f"{number:03}.png" for number in range(toys.TRAIN)}


def test_tensorboard_shows_the_numbers_of_the_log_and_what_is_done_again_only_once(
    images: Path, tmp_path: Path
) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    work, out = toys.training(images), tmp_path / "out"
    toys.train(work, out, tensorboard=True, save_minutes=0, keep=9)
    for file in [out / "encoder.safetensors", *(out / "checkpoints").glob("step-00000000[56].*")]:
        file.unlink()
    toys.train(work, out, tensorboard=True, resume=True)
    curves = accumulator.EventAccumulator(str(out / "tensorboard")).Reload()
    lines = {line["step"]: line for line in log(out)}
    assert {"loss", "spread", "lr", "queue", "images_per_s"} <= set(curves.Tags()["scalars"])
    seen = [(event.step, event.value) for event in curves.Scalars("loss")]
    assert len(seen) == len({step for step, _ in seen})
    assert seen[-1][0] == 6
    for step, value in seen:
        assert value == pytest.approx(lines[step]["loss"])


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_compiled_networks_learn_the_same_to_rounding(images: Path, tmp_path: Path) -> None:
    work = toys.training(images, "steps=2")
    toys.train(work, tmp_path / "plain")
    toys.train(work, tmp_path / "compiled", compiled=True)
    plain, compiled = (weights(tmp_path / name) for name in ("plain", "compiled"))
    assert plain.keys() == compiled.keys()
    for name, tensor in plain.items():
        torch.testing.assert_close(compiled[name], tensor, rtol=1e-3, atol=1e-5)


@pytest.mark.integration
@pytest.mark.parametrize("method", ["moco-v1", "moco-v2", "moco-v3"])
def test_the_same_seed_gives_the_same_weights_with_any_number_of_threads(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    pairs = ("hidden=16", "warmup_epochs=0") if method == "moco-v3" else ()
    toys.train(toys.training(images, *pairs, method=method), tmp_path / "two")
    monkeypatch.setattr(setup, "usable_cores", lambda: 3)
    toys.train(toys.training(images, *pairs, method=method), tmp_path / "three", workers=1, pack=True)
    assert_same(state(tmp_path / "two", 6), state(tmp_path / "three", 6))
    toys.train(toys.training(images, *pairs, method=method, seed=1), tmp_path / "other")
    assert not torch.equal(weights(tmp_path / "two")["0.weight"], weights(tmp_path / "other")["0.weight"])


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (("batch_size=64", "sub_batch=64"), "50 images, fewer than a batch of 64"),
        (("queue=51",), "a queue of 51 is longer than the pool of 50"),
        (("epochs=1", "steps=none", "warmup_epochs=1"), "warm-up"),
    ],
)
def test_what_does_not_fit_the_pool_is_refused(images: Path, tmp_path: Path, pairs: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        toys.train(toys.training(images, *pairs), tmp_path / "out")
    assert not (tmp_path / "out").exists()


class Odd(Objective):
    """Embeds everything alike; its loss, or its gradient alone, is NaN from the third step on, if it should be."""

    def __init__(self, module: torch.nn.Module, *, fails: bool | Literal["gradient"]) -> None:
        student = torch.nn.Module()
        student.add_module("backbone", module)
        self.networks = Networks(student, torch.nn.Module())
        self.memory = {"steps": torch.zeros(())}
        self._fails = fails

    def begin_step(self, progress: float) -> None:
        self.memory["steps"] += 1

    def embed(self, networks: Networks, views: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return torch.ones(len(views[0]), 2, 4)

    def loss(
        self, networks: Networks, views: tuple[torch.Tensor, torch.Tensor], targets: torch.Tensor, own: slice
    ) -> torch.Tensor:
        loss: torch.Tensor = networks.student.get_submodule("backbone")(views[0]).mean()
        if not self._fails or self.memory["steps"] <= 2:
            return loss
        # The square root has no slope at 0.
        return (loss - loss.detach()).sqrt() if self._fails == "gradient" else loss * float("nan")


def odd(images: Path, *pairs: str, fails: bool | Literal["gradient"]) -> Training:
    method = Method(settings=Settings, build=lambda backbone, _, __: Odd(backbone.module, fails=fails))
    settings = read_settings(Settings, pairs=[*toys.SETTINGS, *pairs])
    return replace(toys.training(images), name="odd", method=method, settings=settings)


def test_a_loss_that_is_not_finite_stops_it_and_the_last_good_checkpoint_stays(images: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match="loss of step 3 is nan"):
        toys.train(odd(images, fails=True), tmp_path)
    assert log(tmp_path)[-1]["loss"] == "nan"
    assert not (tmp_path / "encoder.safetensors").exists()
    assert all(bool(tensor.isfinite().all()) for tensor in state(tmp_path, 2).values())


def test_weights_that_are_not_finite_are_not_saved(images: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match="weights after step 3 are not finite"):
        toys.train(odd(images, fails="gradient"), tmp_path, keep=1)
    assert all(bool(tensor.isfinite().all()) for tensor in state(tmp_path, 2).values())


def test_features_that_collapse_are_reported_once(images: Path, tmp_path: Path) -> None:
    listener = RecordingReporter()
    toys.train(odd(images, "steps=60", fails=False), tmp_path, listener=listener, save_minutes=10)
    assert len([text for text in listener.notices if "collapse" in text]) == 1


def test_knn_on_a_labelled_task_measures_every_epoch_and_the_best_checkpoint_stays(
    images: Path, tmp_path: Path
) -> None:
    dataset, targets = toys.dataset(images)
    online = OnlineKnn(name="colour", dataset=dataset, targets=targets, target="single-label")
    listener = RecordingReporter()
    work = toys.training(images, "steps=30")
    toys.train(work, tmp_path, listener=listener, online=online, knn_every=1, keep=1, save_minutes=10)
    judged = {
        int(str(line["step"])): float(str(line["knn_accuracy"])) for line in log(tmp_path) if "knn_accuracy" in line
    }
    assert sorted(judged) == list(range(3, 31, 3))
    best = min(step for step, accuracy in judged.items() if accuracy == max(judged.values()))
    kept = {int(file.stem.removeprefix("step-")) for file in (tmp_path / "checkpoints").iterdir()}
    assert kept == {best, 30}
    assert max(judged.values()) > 0.5
    assert any("kNN accuracy on colour" in text for text in listener.notices)


def test_unreadable_images_are_reported_and_on_record(tmp_path: Path) -> None:
    listener = RecordingReporter()
    work = toys.training(toys.paint(tmp_path / "images", broken=(7,)))
    toys.train(work, tmp_path / "out", listener=listener)
    assert any("1 images could not be read: 007.png" in text for text in listener.notices)
    history = training_history(tmp_path / "out" / "encoder.safetensors")
    assert history is not None
    assert history.unreadable == 1
