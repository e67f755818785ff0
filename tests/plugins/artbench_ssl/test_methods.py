"""SimCLR and BYOL against plain implementations of their papers and code, step by step in float64."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from artbench.pretrain.method import Method
from artbench_ssl.methods import byol, simclr
from artbench_ssl.simclr import nt_xent
from tests.support import method_bench as reference
from tests.support import plain_training as plain

SMALL = ("batch_size=8", "dim=6")
# Two batches an epoch, six steps, a warm-up of two.
SHORT = (*SMALL, "epochs=3", "warmup_epochs=1")


def contrast(first: torch.Tensor, second: torch.Tensor, temperature: float) -> torch.Tensor:
    """The loss of SimCLR's algorithm 1, pair by pair."""
    embedded = [F.normalize(embedding, dim=0) for embedding in (*first, *second)]
    losses = []
    for number, anchor in enumerate(embedded):
        others = [place for place in range(len(embedded)) if place != number]
        logits = torch.stack([anchor @ embedded[place] / temperature for place in others])
        losses.append(-logits.log_softmax(0)[others.index((number + len(first)) % len(embedded))])
    return torch.stack(losses).mean()


def simclr_projector() -> torch.nn.Sequential:
    last = torch.nn.BatchNorm1d(6)
    last.bias.requires_grad_(False)
    return torch.nn.Sequential(
        torch.nn.Linear(10, 10, bias=False),
        torch.nn.BatchNorm1d(10),
        torch.nn.ReLU(),
        torch.nn.Linear(10, 6, bias=False),
        last,
    )


def test_steps_of_simclr_are_those_of_the_original() -> None:
    bench = reference.bench(simclr(), *SHORT, "sub_batch=8", images=16)
    student = plain.embedder_like(bench.objective.networks.student, projector=simclr_projector())
    assert not student.get_parameter("projector.4.bias").any()
    optimizer = plain.PlainLars([p for p in student.parameters() if p.requires_grad], decay=1e-6)
    for number in range(4):
        ((first, second),) = bench.views(number)
        loss = plain.gradients(student, contrast(student(first), student(second), 0.1))
        optimizer.step(plain.warmed_cosine(0.3 * 8 / 256, number, warmup=2, steps=6))
        result = bench.scheduled_step(number)
        plain.assert_same(bench, result, loss=loss, student=student, teacher=torch.nn.Module())


def test_the_weights_of_simclrs_projector_are_drawn_as_in_the_original() -> None:
    student = reference.bench(
        simclr(), "batch_size=8", "sub_batch=8", "warmup_epochs=0", "dim=400"
    ).objective.networks.student
    assert float(student.get_parameter("projector.3.weight").detach().std()) == pytest.approx(0.01, rel=0.05)


def test_simclr_has_the_gradient_of_the_whole_batch_however_it_is_split() -> None:
    bench = reference.bench(simclr(), *SMALL, "warmup_epochs=0", "sub_batch=4")
    student = plain.embedder_like(bench.objective.networks.student, projector=simclr_projector())
    views = bench.views(0)
    first, second = (torch.cat([student(pair[view]) for pair in views]) for view in (0, 1))
    loss = plain.gradients(student, contrast(first, second, 0.1))
    assert bench.step(0).loss == pytest.approx(loss, rel=1e-10)
    for ours, own in zip(bench.objective.networks.student.parameters(), student.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, own.grad, rtol=1e-8, atol=1e-12)


def byol_head(features: int) -> torch.nn.Sequential:
    return torch.nn.Sequential(
        torch.nn.Linear(features, 12),
        torch.nn.BatchNorm1d(12),
        torch.nn.ReLU(),
        torch.nn.Linear(12, 6, bias=False),
    )


def test_steps_of_byol_are_those_of_the_original() -> None:
    bench = reference.bench(byol(), *SHORT, "sub_batch=8", "hidden=12", images=16)
    online = plain.embedder_like(bench.objective.networks.student, projector=byol_head(10), predictor=byol_head(6))
    target = plain.embedder_like(bench.objective.networks.teacher, projector=byol_head(10)).requires_grad_(False)
    optimizer = plain.PlainLars(online.parameters(), decay=1e-6)
    for number in range(4):
        ((first, second),) = bench.views(number)
        goals = [F.normalize(target(view)) for view in (first, second)]
        predictions = [F.normalize(online(view)) for view in (first, second)]
        distances = (predictions[0] - goals[1]).square() + (predictions[1] - goals[0]).square()
        loss = plain.gradients(online, distances.sum(dim=1).mean())
        optimizer.step(plain.warmed_cosine(0.3 * 8 / 256, number, warmup=2, steps=6))
        # The target follows the online network after its update.
        plain.average(target, online, plain.half_cosine(0.99, 1, number / 6))
        plain.assert_same(bench, bench.scheduled_step(number), loss=loss, student=online, teacher=target)


def test_the_losses_are_those_of_lightly() -> None:
    contrast = pytest.importorskip("lightly.loss.ntx_ent_loss", reason="lightly is not installed")
    first, second = torch.randn(10, 6), torch.randn(10, 6)
    theirs = contrast.NTXentLoss(temperature=0.3)(first, second)
    torch.testing.assert_close(nt_xent(first, second, temperature=0.3), theirs)


@pytest.mark.parametrize(("method", "pairs"), [(simclr(), ()), (byol(), ("hidden=16",))])
def test_the_loss_falls_on_the_same_batch(method: Method, pairs: tuple[str, ...]) -> None:
    bench = reference.bench(method, *SMALL, "warmup_epochs=0", "optimizer=sgd", "sub_batch=4", *pairs)
    views = bench.views(0)
    losses = [bench.stepper.update(number, views, lr=0.05, progress=number / 30).loss for number in range(30)]
    assert losses[-1] < losses[0] - 0.1
