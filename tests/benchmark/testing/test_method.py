"""Every check of a pretraining method, with one that fails it."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import pytest
import torch
from pydantic import Field
from torch import nn

from artbench.encoders.backbone import Backbone
from artbench.pretrain.method import Method, Networks, Objective, ParameterGroup, embedder, follow, teacher_of
from artbench.pretrain.settings import Settings
from artbench.specs import PretrainingSpec
from artbench.testing import ContractError, check_pretraining, examine_pretraining

pytestmark = pytest.mark.integration

_COUNTER = itertools.count()


class Matching(Objective):
    """The student predicts what a fixed teacher makes of the other view."""

    target_views = (1,)

    def __init__(self, backbone: Backbone, settings: "Small", images: int) -> None:
        student = nn.Module()
        student.backbone = backbone.module
        student.head = nn.Linear(backbone.feature_dim, settings.dim)
        self.networks = Networks(student, nn.Linear(3, settings.dim))
        self.memory = {"centre": torch.zeros(settings.dim)}

    def begin_step(self, progress: float) -> None:
        pass

    def embed(self, networks: Networks, views: tuple[torch.Tensor, ...]) -> torch.Tensor:
        made: torch.Tensor = networks.teacher(views[0].mean(dim=(2, 3)))
        return made.unsqueeze(1)

    def loss(
        self, networks: Networks, views: tuple[torch.Tensor, torch.Tensor], targets: torch.Tensor, own: slice
    ) -> torch.Tensor:
        student: Any = networks.student
        predicted: torch.Tensor = student.head(student.backbone(views[0]))
        return (predicted - targets[own, 0] + self.memory["centre"]).square().mean()

    def end_step(self, targets: torch.Tensor) -> None:
        self.memory["centre"] += 0.1 * targets.mean(dim=(0, 1))


class Small(Settings):
    dim: int = Field(default=8, ge=1)


class Needing(Settings):
    needed: int


class Detached(Matching):
    def loss(self, *args: Any) -> torch.Tensor:
        return super().loss(*args).detach()


class Upwards(Matching):
    def loss(self, *args: Any) -> torch.Tensor:
        value = super().loss(*args)
        return 2 * value.detach() - value


class Infinite(Matching):
    def loss(self, *args: Any) -> torch.Tensor:
        return super().loss(*args) / 0


class Nameless(Matching):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.networks.student.net = self.networks.student.backbone
        del self.networks.student.backbone


class Wrapped(Matching):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        student: Any = self.networks.student
        student.backbone = nn.Sequential(student.backbone)


class Frozen(Matching):
    def __init__(self, backbone: Backbone, settings: Small, images: int) -> None:
        backbone.module.requires_grad_(False)
        for part in backbone.module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.momentum = 0.0
        super().__init__(backbone, settings, images)


class Forgetful(Matching):
    """Keeps the centre where no checkpoint looks."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.own = torch.zeros(8)

    def loss(self, *args: Any) -> torch.Tensor:
        networks, views, targets, own = args
        student: Any = networks.student
        apart: torch.Tensor = student.head(student.backbone(views[0])) - targets[own, 0] + self.own
        return apart.square().mean()

    def end_step(self, targets: torch.Tensor) -> None:
        self.own = self.own + targets.mean(dim=(0, 1))


class Moody(Matching):
    """Depends on what was before it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        student: Any = self.networks.student
        nn.init.constant_(student.head.bias, next(_COUNTER))


class Exporting(Matching):
    exported = "teacher"


class Grouping(Matching):
    def parameter_groups(self) -> Sequence[ParameterGroup]:
        return [ParameterGroup(parameters=[self.networks.student.get_parameter("head.bias")])]


class Widening(Small):
    optimizer: Literal["sgd", "lars", "adamw", "lamb"] = "lamb"  # type: ignore[assignment]


class Noisy(Objective):
    """Sound: five views of three sizes, a loss that draws, and a teacher that is exported."""

    exported = "teacher"
    target_views = (0, 4)

    def __init__(self, backbone: Backbone, settings: "Small", images: int) -> None:
        student = embedder(backbone.module, head=nn.Sequential(nn.Dropout(0.2), nn.Linear(backbone.feature_dim, 8)))
        self.networks, self.memory = Networks(student, teacher_of(student)), {}
        first, second = settings.two_views
        self.views = (first, replace(second, size=16), replace(second, size=24), replace(second, size=16), first)

    def begin_step(self, progress: float) -> None:
        follow(self.networks.teacher, self.networks.student, 0.9)

    def embed(self, networks: Networks, views: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return torch.stack([networks.teacher(view) for view in views], dim=1)

    def loss(
        self,
        networks: Networks,
        views: tuple[torch.Tensor, ...],
        targets: torch.Tensor,
        own: slice,
        *,
        generator: torch.Generator | None = None,
    ) -> torch.Tensor:
        goals = targets[own].mean(dim=1)
        goals = goals + 0.01 * torch.randn(goals.shape, generator=generator)
        return torch.stack([(networks.student(view) - goals).square().mean() for view in views]).mean()


class Seeding(Matching):
    """Begins at the same place, and sees every image alike."""

    def __init__(self, backbone: Backbone, settings: Small, images: int) -> None:
        torch.manual_seed(3)
        for part in backbone.module.modules():
            if isinstance(part, nn.Conv2d):
                part.reset_parameters()
        super().__init__(backbone, settings, images)

    def loss(self, *args: Any) -> torch.Tensor:
        student: Any = args[0].student
        made: torch.Tensor = student.head(student.backbone(torch.ones(8, 3, 32, 32)))
        return made.square().mean()

    def embed(self, networks: Networks, views: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return torch.ones(len(views[0]), 1, 8)


def method(build: Any, settings: type[Settings] = Small) -> dict[str, Any]:
    return {"method": lambda: Method(settings=settings, build=build), "seeded": True}


METHODS: dict[str, tuple[dict[str, Any], str, str]] = {
    "not importable": ({"method": "no.such.module:method"}, "method", "can't be loaded"),
    "raises": ({"method": lambda: 1 / 0}, "method", "ZeroDivisionError"),
    "no method": ({"method": lambda: Matching}, "method", "not Method"),
    "no default": (method(Matching, Needing), "settings", "the default of the original"),
    "widens": (method(Matching, Widening), "method", "the setting optimizer take lamb"),
    "groups": (method(Grouping), "build", "parameter_groups lack backbone"),
    "exports another": (method(Exporting), "build", "the teacher has no part called backbone"),
    "build raises": (method(lambda *args: 1 / 0), "build", "ZeroDivisionError"),
    "no backbone": (method(Nameless), "build", "part called backbone"),
    "wrapped backbone": (method(Wrapped), "exported", "backbone.module itself"),
    "detached": (method(Detached), "loss", "detach only"),
    "upwards": (method(Upwards), "loss", "its gradient is that of what it returns"),
    "infinite": (method(Infinite), "loss", "Guard"),
    "frozen": (method(Frozen), "learns", "require gradients"),
    "forgetful": (method(Forgetful), "resume", "a checkpoint holds"),
    "moody": (method(Moody), "same seed", "from one training to the next"),
    "seeding": (method(Seeding), "other seed", "torch.manual_seed"),
}


SETTINGS = {"batch_size": 16, "lr": 1.0}


@pytest.mark.parametrize(("change", "check", "words"), METHODS.values(), ids=METHODS)
def test_a_method_that_breaks_the_contract_is_told_what_to_change(
    change: dict[str, Any], check: str, words: str
) -> None:
    spec = PretrainingSpec(name="mine", description="Breaks the contract.", **change)
    with pytest.raises(ContractError, match="pretraining mine breaks the contract") as raised:
        check_pretraining(spec, settings=SETTINGS)
    failed = [str(finding) for finding in raised.value.findings if finding.name == check]
    assert any(words in text for text in failed), str(raised.value)
    assert all(finding.mend for finding in raised.value.findings)


def test_every_check_of_a_method_has_a_violator() -> None:
    found = examine_pretraining(PretrainingSpec(name="mine", description="Sound.", **method(Matching)))
    assert [str(finding) for finding in found if finding.status != "PASS"] == []
    assert {finding.name for finding in found} <= {check for _, check, _ in METHODS.values()} | {"stdout"}


def test_a_method_with_views_of_its_own_and_an_exported_teacher_passes() -> None:
    found = examine_pretraining(PretrainingSpec(name="mine", description="Sound.", **method(Noisy)), settings=SETTINGS)
    assert [str(finding) for finding in found if finding.status != "PASS"] == []
    assert {"exported", "loss", "learns", "resume", "same seed"} <= {finding.name for finding in found}
