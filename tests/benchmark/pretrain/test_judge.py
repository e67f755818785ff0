"""kNN during a training: how often, on whose images, by how many processes."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from artbench.data.dataset import Dataset
from artbench.errors import ArtbenchError
from artbench.pretrain import judged_images
from artbench.pretrain.judge import Judge
from artbench.pretrain.online_knn import OnlineKnn, usual_interval
from artbench.pretrain.stopping import StopRequest
from artbench.runtime.distributed import current_group
from tests.support import ranks
from tests.support import training as toys
from tests.support.reporters import RecordingReporter
from tests.support.training_folder import log

pytestmark = pytest.mark.integration


class Counted(Dataset):
    """A dataset that knows how often each of its images was read."""

    reads: Counter[int]

    def read(self, row: int) -> Any:
        Counted.reads[row] += 1
        return super().read(row)


def online(folder: Path) -> OnlineKnn:
    dataset, targets = toys.dataset(folder)
    counted = Counted(name=dataset.name, root=dataset.root, ids=dataset.ids, files=dataset.files)
    Counted.reads = Counter()
    return OnlineKnn(name="colour", dataset=counted, targets=targets, target="single-label")


def judged(folder: Path) -> tuple[Judge, Any]:
    made = toys.backbone()
    return Judge(online(folder), made, side=16, device="cpu", group=current_group()), made.module


def judge(folder: Path, images: Path, stopped: int | None = None) -> None:
    group = current_group()
    torch.manual_seed(0)
    judge, module = judged(images)
    stop = StopRequest()
    if group.rank == stopped:
        stop.name = "SIGTERM"
    value = judge.accuracy(module, stop=stop)
    (folder / f"found-{group.rank}").write_text(f"{value} {sorted(Counted.reads)}")


def test_the_interval_keeps_the_cost_below_a_twentieth() -> None:
    for count, images in ((57_000, 57_000), (4_017, 300_000), (10, 9), (57_000, 10_000)):
        every = usual_interval(count, images)
        assert count / (every * 4 * images) <= 0.05
        assert every == 1 or count / ((every - 1) * 4 * images) > 0.05


def test_only_training_images_are_read_and_each_is_read_once(images: Path) -> None:
    judge, module = judged(images)
    first = judge.accuracy(module, stop=StopRequest())
    assert judge.accuracy(module, stop=StopRequest()) == first
    assert Counted.reads == Counter(range(toys.TRAIN))


def test_images_that_do_not_fit_into_memory_are_read_again(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged_images, "free_bytes", lambda _: 4 * 16 * 16 * 3 * (toys.TRAIN - 1))
    judge, module = judged(images)
    first = judge.accuracy(module, stop=StopRequest())
    assert judge.accuracy(module, stop=StopRequest()) == first
    assert set(Counted.reads.values()) == {2}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_processes_share_the_images_and_agree(tmp_path: Path) -> None:
    images = toys.paint(tmp_path / "images", broken=(7,))
    judge(tmp_path, images)
    alone = (tmp_path / "found-0").read_text().split()[0]
    assert ranks.ended(ranks.start(ranks.in_a_group, tmp_path, judge, images, size=3)) == [0] * 3
    found = [(tmp_path / f"found-{rank}").read_text().split(maxsplit=1) for rank in range(3)]
    assert [value for value, _ in found] == [alone] * 3
    rows = [set(map(int, read.strip("[]").split(", "))) for _, read in found]
    assert set.union(*rows) == set(range(toys.TRAIN))
    assert sum(map(len, rows)) == toys.TRAIN


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_signal_to_one_process_leaves_it_on_all(images: Path, tmp_path: Path) -> None:
    assert ranks.ended(ranks.start(ranks.in_a_group, tmp_path, judge, images, 1)) == [0, 0]
    assert [(tmp_path / f"found-{rank}").read_text().split()[0] for rank in (0, 1)] == ["None", "None"]


def test_it_is_measured_at_the_interval_and_at_the_end(images: Path, tmp_path: Path) -> None:
    toys.train(toys.training(images, "steps=14"), tmp_path, online=online(images), knn_every=2)
    # Epochs of three steps.
    assert [line["step"] for line in log(tmp_path) if "knn_accuracy" in line] == [6, 12, 14]


def test_a_device_without_room_for_it_is_told_in_a_line(images: Path) -> None:
    class Full(torch.nn.Module):
        def forward(self, _: torch.Tensor) -> torch.Tensor:
            raise torch.OutOfMemoryError("CUDA out of memory")

    judge, _ = judged(images)
    with pytest.raises(ArtbenchError, match=r"a pass of kNN on colour beside the training\. Leave --knn out"):
        judge.accuracy(Full(), stop=StopRequest())


def test_images_that_can_not_be_read_give_no_accuracy_and_the_training_goes_on(images: Path, tmp_path: Path) -> None:
    gone = toys.paint(tmp_path / "gone")
    task = online(gone)
    for file in gone.iterdir():
        file.unlink()
    listener = RecordingReporter()
    assert toys.train(toys.training(images), tmp_path / "out", listener=listener, online=task, knn_every=1) is not None
    told = [text for text in listener.notices if "kNN" in text]
    assert told
    assert all("no kNN accuracy on colour, since none of its images can be read" in text for text in told)
    assert [line for line in log(tmp_path / "out") if "knn_accuracy" in line] == []
