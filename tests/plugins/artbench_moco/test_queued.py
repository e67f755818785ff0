"""MoCo v1 and v2 against plain implementations of their papers and of `main_moco.py`, step by step in float64."""

import copy
from collections.abc import Callable

import pytest
import torch

from artbench.errors import UsageError
from artbench.pretrain.method import Method
from artbench_moco.methods import moco_v1, moco_v2
from tests.support import method_bench as reference
from tests.support import plain_training as plain

SMALL = ("batch_size=8", "sub_batch=8", "dim=6")
BATCH = (*SMALL, "queue=20", "momentum=0.9")


def tenths(step: int) -> float:
    """The first MoCo's schedule: a tenth after 60 and 80 % of six steps."""
    return 0.1 ** ((step >= 0.6 * 6) + (step >= 0.8 * 6))


@pytest.mark.parametrize(
    ("method", "head", "temperature", "schedule"),
    [
        (moco_v1(), torch.nn.Linear(10, 6), 0.07, tenths),
        (
            moco_v2(),
            torch.nn.Sequential(torch.nn.Linear(10, 10), torch.nn.ReLU(), torch.nn.Linear(10, 6)),
            0.2,
            lambda step: plain.half_cosine(1, 0, step / 6),
        ),
    ],
    ids=["moco-v1", "moco-v2"],
)
def test_steps_are_those_of_the_original(
    method: Method, head: torch.nn.Module, temperature: float, schedule: Callable[[int], float]
) -> None:
    # Two batches an epoch. Three go once round the queue.
    bench = reference.bench(method, *SMALL, "queue=20", "epochs=3", images=20)
    query, key = (plain.embedder_like(network, head=copy.deepcopy(head)) for network in bench.objective.networks)
    queue, pointer = bench.objective.memory["queue"].clone(), 0
    optimizer = torch.optim.SGD(query.parameters(), lr=1, momentum=0.9, weight_decay=1e-4)
    for number in range(6):
        ((first, second),) = bench.views(number)
        queries = reference.unit(query(first))
        with torch.no_grad():
            plain.average(key, query, 0.999)
            keys = reference.unit(key(second))
        losses = []
        for q, k in zip(queries, keys, strict=True):
            logits = torch.stack([q @ k, *(q @ negative for negative in queue)]) / temperature
            losses.append(-logits.log_softmax(0)[0])
        loss = plain.gradients(query, torch.stack(losses).mean())
        plain.torch_step(optimizer, 0.03 * 8 / 256 * schedule(number))
        for k in keys:
            queue[pointer] = k
            pointer = (pointer + 1) % len(queue)
        plain.assert_same(bench, bench.scheduled_step(number), loss=loss, student=query, teacher=key)
        torch.testing.assert_close(bench.objective.memory["queue"], queue, rtol=1e-9, atol=1e-12)
        assert int(bench.objective.memory["pointer"]) == pointer


def test_the_loss_is_that_of_lightly_with_a_memory_bank() -> None:
    module = pytest.importorskip("lightly.loss.ntx_ent_loss", reason="lightly is not installed")
    bench = reference.bench(moco_v2(), *BATCH)
    peer = module.NTXentLoss(temperature=0.2, memory_bank_size=(20, 6))
    peer.memory_bank.bank = bench.objective.memory["queue"].clone()
    peer.memory_bank.bank_ptr = torch.zeros(1, dtype=torch.int64)
    query, key = (reference.copied(network) for network in bench.objective.networks)
    ((first, second),) = bench.views(0)
    with torch.no_grad():
        keys = key(second)
    loss = peer(query(first), keys)
    loss.backward()
    result = bench.step(0)
    assert result.loss == pytest.approx(float(loss.detach()), rel=1e-5)
    for ours, theirs in zip(bench.objective.networks.student.parameters(), query.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(bench.objective.memory["queue"], peer.memory_bank.bank, atol=1e-5, rtol=1e-4)


def test_no_gradient_reaches_the_key_encoder_and_no_key_its_own_negatives() -> None:
    bench = reference.bench(moco_v2(), *BATCH)
    before = bench.objective.memory["queue"].clone()
    ((first, second),) = bench.views(0)
    query, key = (reference.copied(network) for network in bench.objective.networks)
    similar = reference.unit(query(first)) @ before.T
    own = (reference.unit(query(first)) * reference.unit(key(second))).sum(dim=1, keepdim=True)
    # With the keys in the queue first, the loss would be another.
    expected = -(torch.cat([own, similar], dim=1) / 0.2).log_softmax(dim=1)[:, 0].mean()
    assert bench.step(0).loss == pytest.approx(float(expected.detach()), rel=1e-4)
    assert not torch.equal(bench.objective.memory["queue"], before)
    teacher = list(bench.objective.networks.teacher.parameters())
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in teacher)
    assert not bench.objective.memory["queue"].requires_grad


def test_keys_are_made_in_shuffled_sub_batches_and_come_back_in_order() -> None:
    bench = reference.bench(moco_v2(), "batch_size=8", "sub_batch=4", "queue=8", "dim=6")
    key = reference.copied(bench.objective.networks.teacher)
    second = torch.cat([pair[1] for pair in bench.views(0)])
    order, other = (torch.from_numpy(bench.stepper._shuffle(number)) for number in (0, 1))
    keys = torch.empty(8, 6, dtype=torch.float64)
    with torch.no_grad():
        for rows in order.view(2, 4):
            keys[rows] = reference.unit(key(second[rows]))
    bench.step(0)
    torch.testing.assert_close(bench.objective.memory["queue"], keys)
    assert {tuple(sorted(rows)) for rows in order.view(2, 4).tolist()} != {(0, 1, 2, 3), (4, 5, 6, 7)}
    assert not torch.equal(order, other)


def test_statistics_are_the_mean_over_the_sub_batches() -> None:
    bench = reference.bench(moco_v2(), "batch_size=8", "sub_batch=4", "queue=8", "dim=6")
    parts = [reference.copied(bench.objective.networks.student) for _ in range(2)]
    for part, (first, _) in zip(parts, bench.views(0), strict=True):
        part(first)
    bench.step(0)
    found = dict(bench.objective.networks.student.named_buffers())
    buffers = [dict(part.named_buffers()) for part in parts]
    for name in ("backbone.1.running_mean", "backbone.1.running_var"):
        torch.testing.assert_close(found[name], (buffers[0][name] + buffers[1][name]) / 2)
    assert int(found["backbone.1.num_batches_tracked"]) == 1


def test_the_queue_is_at_most_a_tenth_of_the_pool() -> None:
    for images, length in ((4017, 401), (2_000_000, 65_536), (5, 1)):
        bench = reference.bench(moco_v2(), "dim=6", "batch_size=4", "sub_batch=4", images=images)
        assert len(bench.objective.memory["queue"]) == length
    with pytest.raises(UsageError, match="a queue of 1001 is longer than the pool of 1000"):
        reference.bench(moco_v2(), "queue=1001")


def test_a_batch_longer_than_the_queue_leaves_its_last_keys() -> None:
    bench = reference.bench(moco_v2(), "batch_size=8", "sub_batch=8", "queue=5", "dim=6")
    key = reference.copied(bench.objective.networks.teacher)
    ((_, second),) = bench.views(0)
    bench.step(0)
    torch.testing.assert_close(bench.objective.memory["queue"], reference.unit(key(second))[-5:].detach())
    assert bench.objective.notes() == {"queue": 1.0}


def test_the_heads_are_the_originals() -> None:
    small = ("batch_size=4", "sub_batch=4")
    first, second = (reference.bench(method, *small).objective.networks.student for method in (moco_v1(), moco_v2()))
    kinds = [type(part).__name__ for part in second.get_submodule("head").children()]
    assert kinds == ["Linear", "ReLU", "Linear"]
    assert second.state_dict()["head.0.weight"].shape == (10, 10)
    assert second.state_dict()["head.2.weight"].shape == (128, 10)
    assert first.state_dict()["head.weight"].shape == (128, 10)


def test_keys_of_another_source_are_no_negatives() -> None:
    small = ("batch_size=4", "sub_batch=4", "queue=12", "dim=6", "one_source=true")
    bench = reference.bench(moco_v2(), *small)
    # Three places of each: noise, this dataset, another one.
    bench.objective.memory["sources"][:] = torch.tensor([-1, 1, 2]).repeat(4)
    query, key = (reference.copied(network) for network in bench.objective.networks)
    ((first, second),) = bench.views(0)
    queries, keys = reference.unit(query(first)), reference.unit(key(second))
    allowed = bench.objective.memory["queue"][bench.objective.memory["sources"] != 2]
    logits = torch.cat([(queries * keys).sum(dim=1, keepdim=True), queries @ allowed.T], dim=1) / 0.2
    result = bench.step(0, source=1)
    assert result.loss == pytest.approx(float(-logits.log_softmax(dim=1)[:, 0].mean().detach()), rel=1e-5)
    assert bench.objective.memory["sources"].tolist() == [1] * 4 + [1, 2, -1, 1, 2, -1, 1, 2]
