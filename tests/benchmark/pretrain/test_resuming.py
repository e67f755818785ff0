"""After kills and signals a training continues to the same bits, or says why it does not."""

import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from artbench.errors import ArtbenchError
from artbench.pretrain.online_knn import OnlineKnn
from artbench.runtime.files import atomic_write
from artbench.runtime.lease import Lease
from artbench.specs import BackboneSpec
from tests.support import training as toys
from tests.support.child_processes import child
from tests.support.reporters import RecordingReporter
from tests.support.training_folder import assert_same, log, state, weights

pytestmark = pytest.mark.integration


def resumed(images: Path, out: Path, method: str, *pairs: str) -> None:
    toys.train(toys.training(images, *pairs, method=method), out, resume=True)


def end_in_the_middle_of_writing(*files: Path) -> None:
    with ExitStack() as stack:
        for file in files:
            stack.enter_context(atomic_write(file))
        os._exit(1)


@pytest.mark.parametrize(
    ("method", "pairs"),
    [
        ("moco-v2", ("steps=12",)),
        (
            "moco-v3-vit",
            ("steps=12", "hidden=16", "warmup_epochs=0", "freeze_patch_embedding=false", "initialise_vit=false"),
        ),
    ],
)
def test_killed_at_any_step_and_resumed_it_ends_with_the_same_bits(
    images: Path, tmp_path: Path, method: str, pairs: tuple[str, ...]
) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    toys.train(toys.training(images, *pairs, method=method), undisturbed)
    random = np.random.default_rng(0)
    checkpoints = killed / "checkpoints"
    for goal in (2, 5, 9):
        process = child(resumed, images, killed, method, *pairs)
        while process.is_alive() and not list(checkpoints.glob(f"step-{goal:09}*")):
            time.sleep(0.002)
        # Anywhere within a step or a save.
        time.sleep(float(random.uniform(0, 0.02)))
        process.kill()
        process.join()
        assert not (killed / "encoder.safetensors").exists()
    resumed(images, killed, method, *pairs)
    assert_same(state(killed, 12), state(undisturbed, 12))
    assert_same(weights(killed), weights(undisturbed))
    steps = [line["step"] for line in log(killed)]
    assert steps == sorted(set(map(int, map(str, steps))))


def test_layers_that_draw_at_random_draw_the_same_after_a_resume(images: Path, tmp_path: Path) -> None:
    dropping = BackboneSpec(name="dropping", description="with dropout", factory=toys.dropping)
    work = toys.training(images, "steps=4", backbone=dropping)
    toys.train(work, tmp_path / "out", keep=9)
    for step in (3, 4):
        (tmp_path / "out" / "checkpoints" / f"step-{step:09}.safetensors").rename(tmp_path / f"{step}")
    toys.train(work, tmp_path / "out", resume=True)
    assert_same(state(tmp_path / "out", 4), load_file(tmp_path / "4"))


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1", "SIGINT", "SIGHUP"])
def test_a_signal_saves_and_ends_with_status_zero(images: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    process = child(resumed, images, out, "moco-v2", "steps=100000")
    while process.is_alive() and not list((out / "checkpoints").glob("*2.safetensors")):
        time.sleep(0.01)
    os.kill(process.pid, getattr(signal, name))
    process.join(60)
    assert process.exitcode == 0
    assert list((out / "checkpoints").glob("*.safetensors"))
    assert not (out / "encoder.safetensors").exists()


def test_a_signal_while_the_pool_is_packed_ends_it_and_nothing_is_left_behind(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    listener = toys.Signalling("SIGUSR1", at="packing the pool")
    assert toys.train(toys.training(images), tmp_path / "out", listener=listener, pack=True) is None
    assert listener.notices == ["SIGUSR1: the pool is not packed yet; the same command begins again."]
    assert [*(tmp_path / "cache" / "packs").iterdir()] == []
    assert toys.train(toys.training(images), tmp_path / "out", pack=True) is not None


def test_a_signal_is_acknowledged_at_once_although_the_step_is_completed(images: Path, tmp_path: Path) -> None:
    listener = toys.Signalling("SIGINT", at="moco-v2 of toy")
    assert toys.train(toys.training(images), tmp_path, listener=listener) is None
    assert listener.notes[:2] == [listener.notes[0], "SIGINT: saving, after this step"]
    assert listener.notices == ["SIGINT: saved at step 1 of 6; the same command with --resume continues."]


@pytest.mark.parametrize("resume", [False, True])
def test_unfinished_files_of_a_process_that_ended_while_saving_are_removed(
    images: Path, tmp_path: Path, resume: bool
) -> None:
    out = tmp_path / "out"
    if resume:
        toys.train(toys.training(images, "steps=2"), out)
    names = ["checkpoints/step-000000003.safetensors", "encoder.safetensors", "pool.json", "log.jsonl"]
    child(end_in_the_middle_of_writing, *(out / name for name in names)).join()
    (out / "mine.tmp").touch()
    assert len(list(out.rglob(".*.tmp"))) == 4
    toys.train(toys.training(images, "steps=2"), out, resume=resume)
    assert [file.name for file in out.rglob("*.tmp")] == ["mine.tmp"]


def test_resuming_without_a_checkpoint_is_reported(images: Path, tmp_path: Path) -> None:
    listener = toys.Signalling("SIGTERM", at="no such work")
    toys.train(toys.training(images), tmp_path / "out", listener=listener, resume=True)
    assert (
        f"{tmp_path / 'out'} holds no checkpoint to resume from; this training begins at its first step."
        in listener.notices
    )


def test_a_signal_stops_knn_and_the_epoch_is_measured_later(images: Path, tmp_path: Path) -> None:
    dataset, targets = toys.dataset(images)
    online = OnlineKnn(name="colour", dataset=dataset, targets=targets, target="single-label")
    undisturbed, stopped = tmp_path / "undisturbed", tmp_path / "stopped"
    toys.train(toys.training(images), undisturbed, online=online, knn_every=1)
    listener = toys.Signalling("SIGTERM", at="kNN, colour")
    assert toys.train(toys.training(images), stopped, listener=listener, online=online, knn_every=1) is None
    assert "SIGTERM: saved at step 3 of 6; the same command with --resume continues." in listener.notices
    assert not any("knn_accuracy" in line for line in log(stopped))
    toys.train(toys.training(images), stopped, online=online, knn_every=1, resume=True)
    judged = [
        [(line["step"], line["knn_accuracy"]) for line in log(out) if "knn_accuracy" in line]
        for out in (undisturbed, stopped)
    ]
    assert len(judged[0]) == 2
    assert judged[0] == judged[1]
    assert_same(state(stopped, 6), state(undisturbed, 6))


def test_a_signal_during_knn_on_the_last_epoch_leaves_it_to_a_resumed_run(images: Path, tmp_path: Path) -> None:
    dataset, targets = toys.dataset(images)
    online = OnlineKnn(name="colour", dataset=dataset, targets=targets, target="single-label")
    out = tmp_path / "out"
    listener: RecordingReporter = toys.Signalling("SIGTERM", at="kNN, colour")
    # An epoch of three steps, and a part of one.
    file = toys.train(toys.training(images, "steps=2"), out, listener=listener, online=online, knn_every=1)
    assert file is not None
    assert listener.notices == ["The last epoch has no kNN accuracy yet; the same command with --resume measures it."]
    before = weights(out)
    listener = RecordingReporter()
    assert (
        toys.train(toys.training(images, "steps=2"), out, listener=listener, online=online, knn_every=1, resume=True)
        == file
    )
    judged = [line for line in log(out) if "knn_accuracy" in line]
    assert [line["step"] for line in judged] == [2]
    assert any("kNN accuracy on colour" in notice for notice in listener.notices)
    assert_same(weights(out), before)
    listener = RecordingReporter()
    toys.train(toys.training(images, "steps=2"), out, listener=listener, online=online, knn_every=1, resume=True)
    assert listener.notices == [f"This training is finished, at step 2: its encoder is {file}."]


def test_a_log_that_cannot_be_written_is_reported_before_the_first_step(images: Path, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(ArtbenchError, match=r"the log .*log\.jsonl can't be written.*Make room"):
        toys.train(toys.training(images), tmp_path)


def test_another_training_at_work_in_the_folder_is_refused(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with Lease(out / ".lease", doing="training") as lease:
        lease.acquire()
        with pytest.raises(ArtbenchError, match=f"another training is running.*pid {os.getpid()}"):
            toys.train(toys.training(images), out)


def test_a_folder_with_a_training_is_refused_without_resume(images: Path, tmp_path: Path) -> None:
    toys.train(toys.training(images, "steps=1"), tmp_path)
    with pytest.raises(ArtbenchError, match="contains a training already"):
        toys.train(toys.training(images, "steps=1"), tmp_path)


def test_a_finished_encoder_is_not_replaced_where_its_checkpoints_are_gone(images: Path, tmp_path: Path) -> None:
    file = toys.train(toys.training(images), tmp_path)
    assert file is not None
    whole = file.read_bytes()
    for checkpoint in (tmp_path / "checkpoints").iterdir():
        checkpoint.unlink()
    with pytest.raises(ArtbenchError, match="holds an encoder and no checkpoint"):
        toys.train(toys.training(images, seed=1), tmp_path, resume=True)
    assert file.read_bytes() == whole


def test_going_on_with_a_finished_training_says_where_the_encoder_is(images: Path, tmp_path: Path) -> None:
    file = toys.train(toys.training(images, "steps=1"), tmp_path)
    assert file == tmp_path / "encoder.safetensors"
    before = file.read_bytes()
    listener = RecordingReporter()
    assert toys.train(toys.training(images, "steps=1"), tmp_path, listener=listener, resume=True) == file
    assert listener.notices == [f"This training is finished, at step 1: its encoder is {file}."]
    assert file.read_bytes() == before
    # Killed between the last checkpoint and this file.
    whole = weights(tmp_path)
    file.unlink()
    toys.train(toys.training(images, "steps=1"), tmp_path, resume=True)
    assert_same(weights(tmp_path), whole)


def test_processes_that_torchrun_restarts_resume_by_themselves(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toys.train(toys.training(images), tmp_path, keep=9)
    whole = weights(tmp_path)
    (tmp_path / "encoder.safetensors").unlink()
    for step in (5, 6):
        (tmp_path / "checkpoints" / f"step-{step:09}.safetensors").unlink()
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    listener = RecordingReporter()
    toys.train(toys.training(images), tmp_path, listener=listener)
    assert "Going on from step 4 of 6." in listener.notices
    assert_same(weights(tmp_path), whole)


def test_going_on_with_another_training_is_refused(images: Path, tmp_path: Path) -> None:
    toys.train(toys.training(images), tmp_path)
    other = BackboneSpec(name="other", description="x", factory=toys.backbone)
    for work, told in (
        (toys.training(images, "momentum=0.9"), r"momentum: 0\.999, now 0\.9"),
        (toys.training(images, method="moco-v1"), "method: moco-v2, now moco-v1"),
        (toys.training(images, backbone=other), "backbone: toy, now other"),
        (toys.training(images, seed=3), "seed: 0, now 3"),
    ):
        with pytest.raises(ArtbenchError, match=told):
            toys.train(work, tmp_path, resume=True)


def test_a_damaged_checkpoint_is_named(images: Path, tmp_path: Path) -> None:
    toys.train(toys.training(images), tmp_path)
    file = tmp_path / "checkpoints" / "step-000000006.safetensors"
    whole = file.read_bytes()
    # A weight of another value: the file is as long, and its header as it was.
    file.write_bytes(whole[:-6000] + bytes([whole[-6000] ^ 1]) + whole[-5999:])
    with pytest.raises(ArtbenchError, match=r"000000006\.safetensors is damaged \(its checksum is wrong\)"):
        toys.train(toys.training(images), tmp_path, resume=True)
    file.write_bytes(whole[:-100])
    with pytest.raises(ArtbenchError, match=r"000000006\.safetensors is damaged"):
        toys.train(toys.training(images), tmp_path, resume=True)
    save_file({"a": torch.zeros(1)}, file, {"artbench.training": "3"})
    with pytest.raises(ArtbenchError, match=r"000000006\.safetensors is damaged"):
        toys.train(toys.training(images), tmp_path, resume=True)
    file.unlink()
    toys.train(toys.training(images), tmp_path, resume=True)
