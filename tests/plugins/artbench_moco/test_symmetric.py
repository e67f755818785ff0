"""MoCo v3 against its pseudocode, written out plainly."""

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from timm import create_model

from artbench.encoders.backbone import Backbone
from artbench.errors import UsageError
from artbench.pretrain.settings import read_settings
from artbench_moco.methods import moco_v3, moco_v3_vit
from tests.support import method_bench as reference

SMALL = ("batch_size=8", "sub_batch=8", "hidden=12", "dim=6", "temperature=0.5", "warmup_epochs=0")


def test_steps_agree_with_the_pseudocode_of_the_paper() -> None:
    bench = reference.bench(moco_v3(), *SMALL, "optimizer=sgd", "weight_decay=0")
    base = reference.copied(bench.objective.networks.student)
    momentum_encoder = reference.copied(bench.objective.networks.teacher)
    optimizer = torch.optim.SGD(base.parameters(), lr=0.1, momentum=0.9)
    for number, progress in enumerate((0.0, 0.25, 0.5)):
        ((first, second),) = bench.views(number)
        momentum = 1 - 0.5 * (1 + math.cos(math.pi * progress)) * (1 - 0.99)
        parameters = dict(base.named_parameters())
        with torch.no_grad():
            for name, parameter in momentum_encoder.named_parameters():
                parameter.copy_(momentum * parameter + (1 - momentum) * parameters[name])
            k1, k2 = F.normalize(momentum_encoder(first)), F.normalize(momentum_encoder(second))
        q1, q2 = F.normalize(base(first)), F.normalize(base(second))
        labels = torch.arange(8)
        loss = sum(2 * 0.5 * F.cross_entropy(q @ k.T / 0.5, labels) for q, k in ((q1, k2), (q2, k1)))
        assert isinstance(loss, torch.Tensor)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        gradients = {name: parameter.grad for name, parameter in base.named_parameters()}

        result = bench.step(number, progress=progress)
        assert result.loss == pytest.approx(float(loss.detach()), rel=1e-5)
        for name, parameter in bench.objective.networks.student.named_parameters():
            torch.testing.assert_close(parameter.grad, gradients[name], atol=1e-5, rtol=1e-3)
        optimizer.step()
        for name, tensor in momentum_encoder.state_dict().items():
            found = bench.objective.networks.teacher.state_dict()[name]
            torch.testing.assert_close(found, tensor, atol=1e-5, rtol=1e-4)


def test_negatives_are_the_keys_of_the_whole_batch_over_all_sub_batches() -> None:
    split = reference.bench(moco_v3(), *SMALL, "sub_batch=4")
    base, teacher = (reference.copied(network) for network in split.objective.networks)
    views = split.views(0)
    with torch.no_grad():
        k1, k2 = (torch.cat([F.normalize(teacher(pair[view])) for pair in views]) for view in (0, 1))
    losses = []
    for place, (first, second) in enumerate(views):
        labels = torch.arange(4) + 4 * place
        pairs = ((F.normalize(base(first)), k2), (F.normalize(base(second)), k1))
        losses += [F.cross_entropy(q @ k.T / 0.5, labels) for q, k in pairs]
    assert split.step(0).loss == pytest.approx(float(torch.stack(losses).sum().detach()) / 2, rel=1e-4)


def test_heads_and_teacher_are_the_originals() -> None:
    resnet, vit = (
        reference.bench(method, *SMALL, "freeze_patch_embedding=false").objective.networks
        for method in (moco_v3(), moco_v3_vit())
    )
    for networks, layers in ((resnet, 2), (vit, 3)):
        projector = networks.student.get_submodule("projector")
        assert sum(isinstance(part, torch.nn.Linear) for part in projector.modules()) == layers
        predictor = networks.student.get_submodule("predictor")
        assert sum(isinstance(part, torch.nn.Linear) for part in predictor.modules()) == 2
        assert not hasattr(networks.teacher, "predictor")
        last = [part for part in predictor.modules() if isinstance(part, torch.nn.BatchNorm1d)][-1]
        assert not last.affine
        assert all(not parameter.requires_grad for parameter in networks.teacher.parameters())


def test_a_transformer_keeps_its_random_patch_embedding_and_a_resnet_has_none() -> None:
    module = create_model("vit_tiny_patch16_224", num_classes=0, img_size=32, depth=1)
    backbone = Backbone(name="vit", module=module, feature_dim=192, mean=(0.5,) * 3, std=(0.5,) * 3, input_size=32)
    settings = read_settings(moco_v3_vit().settings, pairs=["hidden=8", "dim=4"])
    student = moco_v3_vit().build(backbone, settings, 100).networks.student
    frozen = [name for name, parameter in student.named_parameters() if not parameter.requires_grad]
    assert frozen == ["backbone.patch_embed.proj.weight", "backbone.patch_embed.proj.bias"]
    with pytest.raises(UsageError, match="no patch embedding to freeze"):
        reference.bench(moco_v3_vit(), *SMALL)
