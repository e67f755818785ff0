"""A training from outside: what it leaves, how it goes on after kills and signals, what it refuses."""

import json
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from filelock import FileLock
from safetensors.torch import load_file, save_file

from artbench.data.manifest import read_manifest
from artbench.encoders.build import build_encoder
from artbench.encoders.history import training_history
from artbench.errors import ArtbenchError, UsageError
from artbench.pretrain.method import Method, Networks, Objective
from artbench.pretrain.online import OnlineTask
from artbench.pretrain.settings import Settings, read_settings
from artbench.pretrain.state import Checkpoints
from artbench.pretrain.training import Training
from artbench.reporting import Silent
from artbench.specs import BackboneSpec
from tests.benchmark.pretrain import toys

# Forked from a server that has torch imported: a child is at work within milliseconds.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.benchmark.pretrain.toys"])


def weights(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "encoder.safetensors")


def state(out: Path, step: int) -> dict[str, torch.Tensor]:
    return load_file(out / "checkpoints" / f"step-{step:09}.safetensors")


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def child(target: Callable[..., None], *arguments: object) -> Any:
    process = CONTEXT.Process(target=target, args=arguments)
    process.start()
    return process


def resumed(pictures: Path, out: Path, method: str, *pairs: str) -> None:
    toys.train(toys.training(pictures, *pairs, method=method), out, resume=True)


def save_on_a_full_disk(checkpoints: Path, told: Path) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        Checkpoints(checkpoints).save(3, {"a": torch.zeros(9999)}, {}, best=None)
    except ArtbenchError as error:
        told.write_text(str(error))


def log(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def test_it_leaves_an_encoder_that_tells_where_it_is_from(pictures: Path, tmp_path: Path) -> None:
    work = toys.training(pictures, plugins={"toys": "1.0"})
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


def test_the_test_pictures_are_not_trained_on(pictures: Path) -> None:
    images = toys.pool(pictures).manifest.images_of("toys")
    assert images == {f"{number:03}.png" for number in range(toys.TRAIN)}


def test_tensorboard_shows_the_numbers_of_the_log_and_what_is_done_again_only_once(
    pictures: Path, tmp_path: Path
) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    work, out = toys.training(pictures), tmp_path / "out"
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
def test_compiled_networks_learn_the_same_to_rounding(pictures: Path, tmp_path: Path) -> None:
    work = toys.training(pictures, "steps=2")
    toys.train(work, tmp_path / "plain")
    toys.train(work, tmp_path / "compiled", compiled=True)
    plain, compiled = (weights(tmp_path / name) for name in ("plain", "compiled"))
    assert plain.keys() == compiled.keys()
    for name, tensor in plain.items():
        torch.testing.assert_close(compiled[name], tensor, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("method", ["moco-v1", "moco-v2", "moco-v3"])
def test_the_same_seed_gives_the_same_weights_with_any_number_of_threads(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    pairs = ("hidden=16", "warmup_epochs=0") if method == "moco-v3" else ()
    toys.train(toys.training(pictures, *pairs, method=method), tmp_path / "two")
    monkeypatch.setattr("artbench.pretrain.assembly.usable_cores", lambda: 3)
    toys.train(toys.training(pictures, *pairs, method=method), tmp_path / "three", workers=1, pack=True)
    assert_same(state(tmp_path / "two", 6), state(tmp_path / "three", 6))
    toys.train(toys.training(pictures, *pairs, method=method, seed=1), tmp_path / "other")
    assert not torch.equal(weights(tmp_path / "two")["0.weight"], weights(tmp_path / "other")["0.weight"])


@pytest.mark.parametrize(
    ("method", "pairs"),
    [
        ("moco-v2", ("steps=12",)),
        ("moco-v3-vit", ("steps=12", "hidden=16", "warmup_epochs=0", "freeze_patch_embedding=false")),
    ],
)
def test_killed_at_any_step_and_resumed_it_ends_with_the_same_bits(
    pictures: Path, tmp_path: Path, method: str, pairs: tuple[str, ...]
) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    toys.train(toys.training(pictures, *pairs, method=method), undisturbed)
    random = np.random.default_rng(0)
    checkpoints = killed / "checkpoints"
    for goal in (2, 5, 9):
        process = child(resumed, pictures, killed, method, *pairs)
        while process.is_alive() and not list(checkpoints.glob(f"step-{goal:09}*")):
            time.sleep(0.002)
        # Anywhere within a step or a save.
        time.sleep(float(random.uniform(0, 0.02)))
        process.kill()
        process.join()
        assert not (killed / "encoder.safetensors").exists()
    resumed(pictures, killed, method, *pairs)
    assert_same(state(killed, 12), state(undisturbed, 12))
    assert_same(weights(killed), weights(undisturbed))
    steps = [line["step"] for line in log(killed)]
    assert steps == sorted(set(map(int, map(str, steps))))


def test_layers_that_draw_at_random_draw_the_same_after_a_resume(pictures: Path, tmp_path: Path) -> None:
    dropping = BackboneSpec(name="dropping", description="with dropout", factory=toys.dropping)
    work = toys.training(pictures, "steps=4", backbone=dropping)
    toys.train(work, tmp_path / "out", keep=9)
    for step in (3, 4):
        (tmp_path / "out" / "checkpoints" / f"step-{step:09}.safetensors").rename(tmp_path / f"{step}")
    toys.train(work, tmp_path / "out", resume=True)
    assert_same(state(tmp_path / "out", 4), load_file(tmp_path / "4"))


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1", "SIGINT"])
def test_a_signal_saves_and_ends_with_status_zero(pictures: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    process = child(resumed, pictures, out, "moco-v2", "steps=100000")
    while process.is_alive() and not list((out / "checkpoints").glob("*2.safetensors")):
        time.sleep(0.01)
    os.kill(process.pid, getattr(signal, name))
    process.join(60)
    assert process.exitcode == 0
    assert list((out / "checkpoints").glob("*.safetensors"))
    assert not (out / "encoder.safetensors").exists()


def test_a_signal_while_the_pool_is_packed_ends_it_and_nothing_is_left_behind(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    listener = toys.Signalling("SIGUSR1", at="packing the pool")
    assert toys.train(toys.training(pictures), tmp_path / "out", listener=listener, pack=True) is None
    assert listener.notices == ["SIGUSR1: the pool is not packed yet; the same command begins again."]
    assert [*(tmp_path / "cache" / "packs").iterdir()] == []
    assert toys.train(toys.training(pictures), tmp_path / "out", pack=True) is not None


def test_a_signal_while_knn_judges_does_not_wait_for_it_and_the_epoch_is_judged_later(
    pictures: Path, tmp_path: Path
) -> None:
    dataset, targets = toys.dataset(pictures)
    online = OnlineTask(name="colour", dataset=dataset, targets=targets)
    undisturbed, stopped = tmp_path / "undisturbed", tmp_path / "stopped"
    toys.train(toys.training(pictures), undisturbed, online=online)
    listener = toys.Signalling("SIGTERM", at="kNN, colour")
    assert toys.train(toys.training(pictures), stopped, listener=listener, online=online) is None
    assert "SIGTERM: saved at step 3 of 6; --resume goes on." in listener.notices
    assert not any("knn_accuracy" in line for line in log(stopped))
    toys.train(toys.training(pictures), stopped, online=online, resume=True)
    judged = [
        [(line["step"], line["knn_accuracy"]) for line in log(out) if "knn_accuracy" in line]
        for out in (undisturbed, stopped)
    ]
    assert len(judged[0]) == 2
    assert judged[0] == judged[1]
    assert_same(state(stopped, 6), state(undisturbed, 6))


def test_a_full_disk_leaves_the_last_good_checkpoint(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    toys.train(toys.training(pictures, "steps=2"), out)
    good = (out / "checkpoints" / "step-000000002.safetensors").read_bytes()
    (out / "encoder.safetensors").unlink()
    child(save_on_a_full_disk, out / "checkpoints", tmp_path / "told").join()
    told = (tmp_path / "told").read_text()
    assert "can't be written" in told
    assert "step 2 is whole" in told
    assert sorted(file.name for file in (out / "checkpoints").iterdir()) == [
        "step-000000001.safetensors",
        "step-000000002.safetensors",
    ]
    assert (out / "checkpoints" / "step-000000002.safetensors").read_bytes() == good


def test_another_training_at_work_in_the_folder_is_refused(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with FileLock(out / ".lock"), pytest.raises(ArtbenchError, match="another training is at work"):
        toys.train(toys.training(pictures), out)


def test_a_folder_with_a_training_is_refused_without_resume(pictures: Path, tmp_path: Path) -> None:
    toys.train(toys.training(pictures, "steps=1"), tmp_path)
    with pytest.raises(ArtbenchError, match="holds a training already"):
        toys.train(toys.training(pictures, "steps=1"), tmp_path)
    # Through already: nothing changes.
    before = weights(tmp_path)
    toys.train(toys.training(pictures, "steps=1"), tmp_path, resume=True)
    assert_same(weights(tmp_path), before)


def test_processes_that_torchrun_starts_again_go_on_by_themselves(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toys.train(toys.training(pictures), tmp_path, keep=9)
    whole = weights(tmp_path)
    (tmp_path / "encoder.safetensors").unlink()
    for step in (5, 6):
        (tmp_path / "checkpoints" / f"step-{step:09}.safetensors").unlink()
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    listener = toys.Listener()
    toys.train(toys.training(pictures), tmp_path, listener=listener)
    assert "Going on from step 4 of 6." in listener.notices
    assert_same(weights(tmp_path), whole)


def test_going_on_with_another_training_is_refused(pictures: Path, tmp_path: Path) -> None:
    toys.train(toys.training(pictures), tmp_path)
    other = BackboneSpec(name="other", description="x", factory=toys.backbone)
    for work, told in (
        (toys.training(pictures, "momentum=0.9"), r"momentum: 0\.999, now 0\.9"),
        (toys.training(pictures, method="moco-v1"), "method: moco-v2, now moco-v1"),
        (toys.training(pictures, backbone=other), "backbone: toy, now other"),
        (toys.training(pictures, seed=3), "seed: 0, now 3"),
    ):
        with pytest.raises(ArtbenchError, match=told):
            toys.train(work, tmp_path, resume=True)


def test_a_damaged_checkpoint_is_named(pictures: Path, tmp_path: Path) -> None:
    toys.train(toys.training(pictures), tmp_path)
    file = tmp_path / "checkpoints" / "step-000000006.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ArtbenchError, match=r"000000006\.safetensors is damaged"):
        toys.train(toys.training(pictures), tmp_path, resume=True)
    save_file({"a": torch.zeros(1)}, file, {"artbench.training": "3"})
    with pytest.raises(ArtbenchError, match=r"000000006\.safetensors is damaged"):
        toys.train(toys.training(pictures), tmp_path, resume=True)
    file.unlink()
    toys.train(toys.training(pictures), tmp_path, resume=True)


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (("batch_size=64", "sub_batch=64"), "50 pictures, fewer than a batch of 64"),
        (("queue=51",), "a queue of 51 is longer than the pool of 50"),
        (("epochs=1", "steps=none", "warmup_epochs=1"), "warm-up"),
    ],
)
def test_what_does_not_fit_the_pool_is_refused(
    pictures: Path, tmp_path: Path, pairs: tuple[str, ...], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        toys.train(toys.training(pictures, *pairs), tmp_path / "out")
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


def odd(pictures: Path, *pairs: str, fails: bool | Literal["gradient"]) -> Training:
    method = Method(settings=Settings, build=lambda backbone, _, __: Odd(backbone.module, fails=fails))
    settings = read_settings(Settings, pairs=[*toys.SETTINGS, *pairs])
    return replace(toys.training(pictures), name="odd", method=method, settings=settings)


def test_a_loss_that_is_not_finite_stops_it_and_the_last_good_checkpoint_stays(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match="loss of step 3 is nan"):
        toys.train(odd(pictures, fails=True), tmp_path)
    assert log(tmp_path)[-1]["loss"] == "nan"
    assert not (tmp_path / "encoder.safetensors").exists()
    assert all(bool(tensor.isfinite().all()) for tensor in state(tmp_path, 2).values())


def test_weights_that_are_not_finite_are_not_saved(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match="weights after step 3 are not finite"):
        toys.train(odd(pictures, fails="gradient"), tmp_path, keep=1)
    assert all(bool(tensor.isfinite().all()) for tensor in state(tmp_path, 2).values())


def test_features_that_collapse_are_told_once(pictures: Path, tmp_path: Path) -> None:
    listener = toys.Listener()
    toys.train(odd(pictures, "steps=60", fails=False), tmp_path, listener=listener, save_minutes=10)
    assert len([text for text in listener.notices if "collapse" in text]) == 1


def test_knn_on_a_labelled_task_judges_every_epoch_and_the_best_stays(pictures: Path, tmp_path: Path) -> None:
    dataset, targets = toys.dataset(pictures)
    online = OnlineTask(name="colour", dataset=dataset, targets=targets)
    listener = toys.Listener()
    work = toys.training(pictures, "steps=30")
    toys.train(work, tmp_path, listener=listener, online=online, keep=1, save_minutes=10)
    judged = {
        int(str(line["step"])): float(str(line["knn_accuracy"])) for line in log(tmp_path) if "knn_accuracy" in line
    }
    assert sorted(judged) == list(range(3, 31, 3))
    best = min(step for step, accuracy in judged.items() if accuracy == max(judged.values()))
    kept = {int(file.stem.removeprefix("step-")) for file in (tmp_path / "checkpoints").iterdir()}
    assert kept == {best, 30}
    assert max(judged.values()) > 0.5
    assert any("kNN accuracy on colour" in text for text in listener.notices)


def test_what_was_unreadable_is_told_and_on_record(tmp_path: Path) -> None:
    listener = toys.Listener()
    work = toys.training(toys.paint(tmp_path / "pictures", broken=(7,)))
    toys.train(work, tmp_path / "out", listener=listener)
    assert any("1 pictures could not be read: 007.png" in text for text in listener.notices)
    history = training_history(tmp_path / "out" / "encoder.safetensors")
    assert history is not None
    assert history.unreadable == 1
