"""SimCLR on a network with stochastic depth: both of its passes draw the same numbers."""

import pytest
import torch
from torchvision.models import ConvNeXt
from torchvision.models.convnext import CNBlockConfig

from artbench.encoders.backbone import Backbone
from artbench_ssl.methods import simclr
from artbench_ssl.simclr import nt_xent
from tests.support import method_bench as reference


def stochastic() -> Backbone:
    module = ConvNeXt([CNBlockConfig(8, 16, 1), CNBlockConfig(16, None, 2)], stochastic_depth_prob=0.5)
    module.classifier[2] = torch.nn.Identity()
    return Backbone(name="convnext", module=module, feature_dim=16, mean=(0.5,) * 3, std=(0.25,) * 3)


@pytest.mark.parametrize("sub_batch", [4, 8])
def test_the_gradient_is_that_of_the_whole_batch(sub_batch: int) -> None:
    pairs = ("batch_size=8", f"sub_batch={sub_batch}", "dim=6", "warmup_epochs=0", "temperature=0.5")
    bench = reference.bench(simclr(), *pairs, on=stochastic())
    student = reference.copied(bench.objective.networks.student)
    parts = []
    for place, views in enumerate(bench.views(3)):
        # What a layer draws depends on the step and the sub-batch.
        torch.manual_seed(bench.stepper._randomness._number(3, place, 0))
        parts.append([student(view) for view in views])
    first, second = map(torch.cat, zip(*parts, strict=True))
    loss = nt_xent(first, second, temperature=0.5)
    loss.backward()  # type: ignore[no-untyped-call]
    assert bench.step(3).loss == pytest.approx(float(loss.detach()), rel=1e-9)
    for ours, plain in zip(bench.objective.networks.student.parameters(), student.parameters(), strict=True):
        if not ours.requires_grad:
            continue
        torch.testing.assert_close(ours.grad, plain.grad, atol=1e-12, rtol=1e-7)
