"""DINO against a plain implementation of its paper and code, step by step in float64."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import load_file

from artbench.encoders.backbone import Backbone
from artbench.errors import UsageError
from artbench.pretrain.settings import read_settings
from artbench.specs import BackboneSpec
from artbench_ssl.dino_settings import DinoSettings
from artbench_ssl.drop_path import DropPath
from artbench_ssl.methods import dino
from artbench_timm.backbone import build
from tests.support import method_bench as reference
from tests.support import plain_training as plain
from tests.support import training as toys

SMALL = ("batch_size=8", "dim=6", "hidden=12", "prototypes=20", "local_size=8", "local_views=3")
# Two batches an epoch, six steps, a warm-up of two.
SHORT = (*SMALL, "epochs=3", "warmup_epochs=1", "teacher_warmup_epochs=3", "weight_decay=0.04", "clip=0.02")


class Last(torch.nn.Module):
    """What torch.nn.utils.weight_norm makes of a linear layer without bias: g v / |v|, output by output."""

    def __init__(self, trained: bool) -> None:
        super().__init__()
        self.direction = torch.nn.Parameter(torch.zeros(20, 6))
        self.length = torch.nn.Parameter(torch.ones(20, 1), requires_grad=trained)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs @ (self.length * self.direction / (self.direction**2).sum(dim=1, keepdim=True).sqrt()).T


class Plain(torch.nn.Module):
    """The original's MultiCropWrapper around a backbone and a DINOHead."""

    def __init__(self, of: torch.nn.Module, trained: bool) -> None:
        super().__init__()
        self.backbone = reference.copied(of.get_submodule("backbone"))
        sizes = ((10, 12), (12, 12), (12, 6))
        parts = [part for ends in sizes for part in (torch.nn.Linear(*ends), torch.nn.GELU())]
        self.projector = torch.nn.Sequential(*parts[:-1])
        self.prototypes = Last(trained)
        self.double().load_state_dict(of.state_dict(), strict=True)

    def forward(self, views: list[torch.Tensor]) -> torch.Tensor:
        features, start = [], 0
        while start < len(views):
            end = start
            while end < len(views) and views[end].shape == views[start].shape:
                end += 1
            features.append(self.backbone(torch.cat(views[start:end])))
            start = end
        hidden = self.projector(torch.cat(features))
        made: torch.Tensor = self.prototypes(hidden / (hidden**2).sum(dim=1, keepdim=True).sqrt())
        return made


def unnormalised() -> Backbone:
    """Without batch normalisation, which depends on the sub-batch."""
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 10, 3, stride=2), torch.nn.GELU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
    )
    return replace(reference.backbone(), module=module)


@pytest.mark.parametrize(
    ("pairs", "on"),
    [
        (("sub_batch=8",), None),
        (("sub_batch=8", "normalise_last=false"), None),
        (("sub_batch=4",), unnormalised()),
    ],
)
def test_steps_are_those_of_the_original(pairs: tuple[str, ...], on: Backbone | None) -> None:
    bench = reference.bench(dino(), *SHORT, *pairs, images=16, on=on)
    trained = "normalise_last=false" in pairs
    student, teacher = (Plain(network, trained) for network in bench.objective.networks)
    groups: list[dict[str, Any]] = [
        {"params": [p for n, p in student.named_parameters() if not (n.endswith(".bias") or p.ndim == 1)]},
        {"params": [p for n, p in student.named_parameters() if n.endswith(".bias") or p.ndim == 1]},
    ]
    optimizer = torch.optim.AdamW(groups)
    centre = torch.zeros(1, 20, dtype=torch.float64)
    clipped = 0
    for number in range(5):
        epoch, progress = number // 2, number / 6
        parts = bench.views(number)
        views = [torch.cat([part[view] for part in parts]) for view in range(5)]
        outputs = [output / 0.1 for output in student(views).chunk(5)]
        with torch.no_grad():
            raw = teacher(views[:2])
            goals = F.softmax((raw - centre) / (0.04, 0.055, 0.07)[epoch], dim=-1).chunk(2)
        pairs_of = [
            (-goal * F.log_softmax(output, dim=-1)).sum(dim=-1).mean()
            for one, goal in enumerate(goals)
            for other, output in enumerate(outputs)
            if one != other
        ]
        loss = plain.gradients(student, torch.stack(pairs_of).sum() / len(pairs_of))
        centre = 0.9 * centre + 0.1 * raw.sum(dim=0, keepdim=True) / len(raw)
        for parameter in student.parameters():
            if parameter.grad is not None:
                share = 0.02 / (float(parameter.grad.norm(2)) + 1e-6)
                clipped += share < 1
                parameter.grad.mul_(min(share, 1))
        if epoch == 0:
            for parameter in student.prototypes.parameters():
                parameter.grad = None
        optimizer.param_groups[0]["weight_decay"] = plain.half_cosine(0.04, 0.4, progress)
        optimizer.param_groups[1]["weight_decay"] = 0
        plain.torch_step(optimizer, plain.warmed_cosine(5e-4 * 8 / 256, number, warmup=2, steps=6, end=1e-6))
        plain.average(teacher, student, plain.half_cosine(0.996, 1, progress))
        result = bench.scheduled_step(number)
        plain.assert_same(bench, result, loss=loss, student=student, teacher=teacher)
        torch.testing.assert_close(bench.objective.memory["centre"], centre[0], rtol=1e-10, atol=1e-14)
    assert clipped > 5


def test_the_originals_defaults() -> None:
    settings = DinoSettings(crop_size=224)
    first, second = settings.two_views
    assert (first.scale, settings.local.scale, settings.local.size) == ((0.4, 1), (0.05, 0.4), 96)
    assert [view.blur_p for view in (first, second, settings.local)] == [1, 0.1, 0.5]
    assert [view.solarise_p for view in (first, second, settings.local)] == [0, 0.2, 0]
    temperatures = [settings.teacher_temperature_in(epoch) for epoch in (0, 29, 30, 99)]
    assert temperatures == pytest.approx([0.04, 0.07, 0.07, 0.07])
    assert settings.teacher_temperature_in(1) == pytest.approx(0.04 + 0.03 / 29)
    assert (settings.batch_size, settings.lr, settings.momentum, settings.clip) == (1024, 5e-4, 0.996, 3)
    assert [DinoSettings(crop_size=side).local.size for side in (16, 128, 448)] == [16, 48, 192]
    with pytest.raises(UsageError, match="local_scale is above local_scale_max"):
        read_settings(DinoSettings, pairs=["local_scale=0.5"])


def test_the_student_begins_as_the_original_does() -> None:
    student = reference.bench(dino(), "batch_size=8", "sub_batch=8", "warmup_epochs=0").objective.networks.student
    weights = student.get_parameter("projector.2.weight").detach()
    assert float(weights.std()) == pytest.approx(0.02, rel=0.02)
    assert not student.get_parameter("projector.2.bias").any()
    assert float(student.get_parameter("prototypes.direction").detach().abs().max()) == pytest.approx(1 / 16, rel=1e-3)
    assert not student.get_parameter("prototypes.length").requires_grad


def test_the_students_transformer_has_stochastic_depth_as_in_the_original_and_the_teachers_has_none() -> None:
    def rates(network: torch.nn.Module) -> list[float]:
        blocks: Any = network.get_submodule("backbone.blocks")
        places = [(block.drop_path1, block.drop_path2) for block in blocks]
        return [getattr(place, "rate", 0.0) for pair in places for place in pair]

    def networks(*pairs: str) -> Any:
        on = build("vit_tiny_patch16_224", size=32)
        small = ("batch_size=8", "sub_batch=8", "prototypes=5", "hidden=4", "dim=3")
        return reference.bench(dino(), *small, *pairs, on=on).objective.networks

    student, teacher = networks()
    assert rates(student) == pytest.approx([rate for rate in torch.linspace(0, 0.1, 12).tolist() for _ in range(2)])
    assert not any(rates(teacher))
    assert student.state_dict().keys() == teacher.state_dict().keys()
    assert not any(rates(networks("drop_path=0").student))


def test_a_branch_is_left_out_image_by_image() -> None:
    branch = torch.randn(1000, 3, 2, dtype=torch.float64)
    layer = DropPath(0.3)
    torch.manual_seed(4)
    # The original's drop_path.
    drawn = (0.7 + torch.rand((1000, 1, 1), dtype=torch.float64)).floor_()
    torch.manual_seed(4)
    assert torch.equal(layer(branch), branch.div(0.7) * drawn)
    assert 0.65 < float(drawn.mean()) < 0.75
    assert layer.eval()(branch) is branch


def test_a_transformer_of_timm_takes_local_views(tmp_path: Path) -> None:
    def small() -> Backbone:
        return build("vit_tiny_patch16_224", size=32)

    pairs = ("batch_size=16", "sub_batch=8", "steps=2", "warmup_epochs=0", "local_views=2", "frozen_epochs=0")
    method = dino()
    work = replace(
        toys.training(toys.paint(tmp_path / "images")),
        method=replace(method, build=toys.Remembered(method.build)),
        settings=read_settings(method.settings, pairs=[*pairs, "prototypes=50", "hidden=16", "dim=8"]),
        backbone=BackboneSpec(name="vit", description="small", factory=small),
    )
    file = toys.train(work, tmp_path / "out")
    assert file is not None
    assert [view.size for view in toys.Remembered.objective.views] == [None, None, 16, 16]
    student, teacher = (network.get_parameter("backbone.pos_embed") for network in toys.Remembered.objective.networks)
    assert not torch.equal(student, teacher)
    assert torch.equal(load_file(file)["pos_embed"], teacher)
