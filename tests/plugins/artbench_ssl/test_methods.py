"""SimCLR and BYOL against their pseudocode, and against lightly's losses."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from artbench.pretrain.method import Method
from artbench_ssl.methods import byol, simclr
from artbench_ssl.simclr import nt_xent
from tests.support import method_bench as reference

SMALL = ("batch_size=8", "dim=6", "warmup_epochs=0", "optimizer=sgd", "weight_decay=0")


def test_simclr_has_the_gradient_of_the_whole_batch_however_it_is_split() -> None:
    bench = reference.bench(simclr(), *SMALL, "sub_batch=4", "temperature=0.5")
    student = reference.copied(bench.objective.networks.student)
    views = bench.views(0)
    first, second = (torch.cat([student(pair[view]) for pair in views]) for view in (0, 1))
    embedded = [F.normalize(embedding, dim=0) for embedding in (*first, *second)]
    losses = []
    for number, anchor in enumerate(embedded):
        others = [place for place in range(16) if place != number]
        logits = torch.stack([anchor @ embedded[place] / 0.5 for place in others])
        losses.append(-logits.log_softmax(0)[others.index((number + 8) % 16)])
    loss = torch.stack(losses).mean()
    loss.backward()  # type: ignore[no-untyped-call]
    assert bench.step(0).loss == pytest.approx(float(loss.detach()), rel=1e-5)
    for ours, plain in zip(bench.objective.networks.student.parameters(), student.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, plain.grad, atol=1e-5, rtol=1e-3)


def test_byol_agrees_with_its_pseudocode() -> None:
    bench = reference.bench(byol(), *SMALL, "sub_batch=8", "hidden=12")
    online, target = (reference.copied(network) for network in bench.objective.networks)
    ((first, second),) = bench.views(0)
    loss = torch.zeros(())
    for view, other in ((first, second), (second, first)):
        prediction, goal = F.normalize(online(view)), F.normalize(target(other)).detach()
        loss = loss + (prediction - goal).square().sum(dim=1).mean()
    loss.backward()  # type: ignore[no-untyped-call]
    assert bench.step(0).loss == pytest.approx(float(loss.detach()), rel=1e-5)
    for ours, plain in zip(bench.objective.networks.student.parameters(), online.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, plain.grad, atol=1e-5, rtol=1e-3)
    assert all(parameter.grad is None for parameter in bench.objective.networks.teacher.parameters())


def test_the_losses_are_those_of_lightly() -> None:
    contrast = pytest.importorskip("lightly.loss.ntx_ent_loss", reason="lightly is not installed")
    first, second = torch.randn(10, 6), torch.randn(10, 6)
    theirs = contrast.NTXentLoss(temperature=0.3)(first, second)
    torch.testing.assert_close(nt_xent(first, second, temperature=0.3), theirs)


@pytest.mark.parametrize(("method", "pairs"), [(simclr(), ()), (byol(), ("hidden=16",))])
def test_the_loss_falls_on_the_same_batch(method: Method, pairs: tuple[str, ...]) -> None:
    bench = reference.bench(method, *SMALL, "sub_batch=4", *pairs)
    losses = [bench.stepper.step(number, bench.crops(0), lr=0.05, progress=number / 30).loss for number in range(30)]
    assert losses[-1] < losses[0] - 0.1
