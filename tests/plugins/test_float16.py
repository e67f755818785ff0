"""float16: the loss is scaled, steps whose gradients overflow are left out, and checkpoint and record say so."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

from artbench.encoders.provenance import training_history
from artbench.errors import ArtbenchError
from artbench.pretrain import Method
from artbench.runtime.distributed import Group
from artbench_moco.methods import moco_v2
from artbench_ssl.methods import dino
from tests.plugins.test_whole_passes import BATCH, METHODS
from tests.support import ranks
from tests.support import training as toys
from tests.support.method_bench import Bench, bench

QUEUED = ("batch_size=24", "sub_batch=6", "queue=96", "dim=5", "optimizer=sgd")


def made(method: Method, *pairs: str, dtype: torch.dtype = torch.float16, group: Group | None = None) -> Bench:
    return bench(method, *pairs, threads=0, micro_batch=6, dtype=dtype, group=group)


def times(one: Bench, factor: float) -> Bench:
    """The same with a loss of so many times the size."""
    loss: Any = one.objective.loss
    one.objective.loss = lambda *given, **more: loss(*given, **more) * factor  # type: ignore[method-assign]
    return one


def kept(one: Bench) -> dict[str, torch.Tensor]:
    """What a step changes, apart from the running statistics, which follow the images."""
    found = {f"memory.{name}": tensor.clone() for name, tensor in one.objective.memory.items()}
    for part, network in one.objective.networks._asdict().items():
        found |= {f"{part}.{name}": tensor.detach().clone() for name, tensor in network.named_parameters()}
    return found


def gradients(one: Bench) -> torch.Tensor:
    trained = [parameter for parameter in one.objective.networks.student.parameters() if parameter.grad is not None]
    return torch.cat([parameter.grad.flatten() for parameter in trained if parameter.grad is not None])


@pytest.mark.parametrize("name", METHODS)
def test_gradients_are_those_of_float32_even_where_float16_has_none_so_small(name: str) -> None:
    make, pairs = METHODS[name]
    # With few hidden units all may be 0 for an image, and the gradient of its direction has no bound.
    pairs = (*pairs, *(["hidden=64"] if "hidden=9" in pairs else []))
    small = 1e-6
    found, expected = (
        times(made(make(), *BATCH, *pairs, dtype=dtype), small) for dtype in (torch.float16, torch.float32)
    )
    for one in (found, expected):
        one.step(0, lr=1e-9)
    assert found.stepper.loss_scale.skipped == 0
    assert expected.stepper.loss_scale.skipped is None
    assert torch.nn.functional.cosine_similarity(gradients(found), gradients(expected), dim=0) > 0.99
    torch.testing.assert_close(gradients(found).norm(), gradients(expected).norm(), rtol=0.05, atol=0)


@pytest.mark.parametrize(
    "method", [(moco_v2, QUEUED), (dino, (*BATCH, *METHODS["dino"][1], "hidden=64"))], ids=["moco-v2", "dino"]
)
def test_a_step_that_overflows_changes_neither_weights_nor_teacher_nor_memory(
    method: tuple[Callable[[], Method], Sequence[str]],
) -> None:
    make, pairs = method
    disturbed, undisturbed = (times(made(make(), *pairs), 1e-4) for _ in range(2))
    loss = disturbed.objective.loss
    for one in (disturbed, undisturbed):
        assert one.step(0).skipped == 0
    before = kept(disturbed)
    scale = disturbed.stepper.loss_scale.facts()["scale"]
    result = times(disturbed, 1e36).step(7)
    assert (result.skipped, bool(result.loss.isfinite())) == (1, True)
    facts = disturbed.stepper.loss_scale.facts()
    assert (facts["scale"], facts["skipped"]) == (scale / 2, 1)
    if make is moco_v2:
        # The student of step 0 was not followed yet: that was the beginning of this step.
        before = {name: tensor for name, tensor in before.items() if not name.startswith("teacher.")}
    after = kept(disturbed)
    assert [name for name, tensor in before.items() if not torch.equal(tensor, after[name])] == []
    disturbed.objective.loss = loss  # type: ignore[method-assign]
    for one in (disturbed, undisturbed):
        one.step(1)
    expected = kept(undisturbed)
    for name, tensor in kept(disturbed).items():
        torch.testing.assert_close(tensor, expected[name], atol=2e-3, rtol=2e-3, msg=name)
    teachers = [name for name in expected if name.startswith("teacher.")]
    # It has followed the student as often.
    assert all(torch.equal(kept(disturbed)[name], expected[name]) for name in teachers if make is moco_v2)


def test_gradients_without_end_are_a_divergence_in_one_line() -> None:
    one = times(made(moco_v2(), *QUEUED), 1e38)
    for number in range(26):
        assert one.step(number).skipped == number + 1
    with pytest.raises(ArtbenchError, match="not finite in float16, whatever the loss is scaled by") as caught:
        one.step(26)
    assert "dtype=float32" in caught.value.mend


def overflowing(folder: Path) -> None:
    from artbench.runtime.distributed import current_group

    group = current_group()
    torch.set_num_threads(1)
    one = made(moco_v2(), *QUEUED, group=group)
    before = kept(one)
    if not group.first:
        times(one, 1e36)
    parts = one.views(0)[group.rank * 2 : group.rank * 2 + 2]
    one.stepper.update(0, parts, lr=0.1, progress=0.0)
    unchanged = all(torch.equal(tensor, before[name]) for name, tensor in kept(one).items())
    (folder / f"{group.rank}.json").write_text(json.dumps([one.stepper.loss_scale.skipped, unchanged]))


def test_an_overflow_in_one_process_leaves_the_step_out_in_all(tmp_path: Path) -> None:
    assert ranks.ended(ranks.start(ranks.in_a_group, tmp_path, overflowing)) == [0, 0], ranks.told(tmp_path, 0)
    assert [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1)] == [[1, True], [1, True]]


class Overflowing:
    """Builds MoCo whose loss is far too large in one step."""

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build

    def __call__(self, *given: Any) -> Any:
        objective = self._build(*given)
        loss, begun = objective.loss, objective.begin_step
        at = {"progress": 0.0}

        def begin(progress: float) -> None:
            at["progress"] = progress
            begun(progress)

        objective.begin_step = begin
        objective.loss = lambda *values: loss(*values) * (1e36 if at["progress"] == 0.5 and self.once() else 1)
        return objective

    def once(self) -> bool:
        self.calls = getattr(self, "calls", 0) + 1
        return self.calls == 1


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return toys.paint(tmp_path / "images")


def test_the_checkpoint_goes_on_with_the_scale_and_the_record_says_what_was_left_out(
    images: Path, tmp_path: Path
) -> None:
    work = toys.training(images, "dtype=float16")
    work = replace(work, method=replace(work.method, build=Overflowing(work.method.build)))
    file = toys.train(work, tmp_path / "out", keep=9)
    assert file is not None
    history = training_history(file)
    assert history is not None
    assert (history.dtype, history.stretches[0].dtype, history.skipped_steps) == ("float16", "float16", 1)
    checkpoints = tmp_path / "out" / "checkpoints"
    scales = []
    for step in range(1, 7):
        with safe_open(checkpoints / f"step-{step:09}.safetensors", "pt") as opened:
            facts = json.loads(opened.metadata()["artbench.training"])["loss_scale"]
        scales.append((facts["scale"] / 65536, facts["skipped"]))
    assert scales == [(1, 0)] * 3 + [(0.5, 1)] * 3
    lines = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["skipped_steps"] == 1
    file.unlink()
    (checkpoints / "step-000000006.safetensors").unlink()
    again = toys.train(work, tmp_path / "out", resume=True)
    assert again is not None
    resumed = training_history(again)
    assert resumed is not None
    assert resumed.skipped_steps == 1


def test_other_number_types_have_no_scale(images: Path, tmp_path: Path) -> None:
    file = toys.train(toys.training(images, "dtype=float32"), tmp_path / "out")
    assert file is not None
    history = training_history(file)
    assert history is not None
    assert history.skipped_steps is None
