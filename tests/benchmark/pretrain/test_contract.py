"""What a method may ask for: groups, a decay of its own, its gradients before the update, a generator, its network."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from pydantic import Field
from safetensors.torch import load_file

from artbench.encoders.backbone import Backbone
from artbench.errors import ArtbenchError, UsageError
from artbench.pretrain.method import Method, Networks, Objective, ParameterGroup, embedder, follow, teacher_of
from artbench.pretrain.settings import Settings, read_settings
from artbench.pretrain.setup import Setup, set_up
from artbench.pretrain.views import View
from artbench.runtime.distributed import Group
from tests.support import method_bench as reference
from tests.support import training as toys


class Asking(Objective):
    """Asks for everything, and notes what it gets."""

    exported = "teacher"
    target_views: tuple[int, ...] = (0,)

    def __init__(self, backbone: Backbone, settings: Settings, images: int) -> None:
        student = embedder(backbone.module, head=torch.nn.Linear(backbone.feature_dim, 3))
        self.networks = Networks(student, teacher_of(student))
        self.memory = {}
        self.views = (View(), View(size=8), View(size=8, scale=(0.05, 0.4)))
        self.given: list[Any] = []

    def parameter_groups(self) -> Sequence[ParameterGroup]:
        named = dict(self.networks.student.named_parameters())
        head = [named.pop("head.weight"), named.pop("head.bias")]
        return [
            ParameterGroup(parameters=list(named.values())),
            ParameterGroup(parameters=head, lr=0.5, weight_decay=0),
        ]

    def weight_decay(self, progress: float) -> float:
        return 0.25 + progress

    def begin_step(self, progress: float) -> None:
        follow(self.networks.teacher, self.networks.student, 0.5)

    def embed(self, networks: Networks, views: tuple[torch.Tensor, ...]) -> torch.Tensor:
        made: torch.Tensor = networks.teacher(views[0])
        return made.unsqueeze(1)

    def loss(
        self,
        networks: Networks,
        views: tuple[torch.Tensor, ...],
        targets: torch.Tensor,
        own: slice,
        *,
        generator: torch.Generator | None = None,
    ) -> torch.Tensor:
        assert generator is not None
        noise = torch.rand(3, generator=generator)
        self.given.append((own.start, self.epoch, [tuple(view.shape[1:]) for view in views], noise.tolist()))
        made = torch.cat([networks.student(view) for view in views])
        return ((made - noise) ** 2).mean()

    def before_update(self, progress: float) -> None:
        student = self.networks.student
        student.get_parameter("backbone.0.weight").grad = None
        self.given.append(float(torch.nn.utils.clip_grad_norm_(student.parameters(), 1e-3)))


class Old(Asking):
    """Takes what methods took before."""

    def loss(self, networks: Networks, views: Any, targets: torch.Tensor, own: slice) -> torch.Tensor:  # type: ignore[override]
        made: torch.Tensor = networks.student(views[0])
        return made.square().mean()


def setup(folder: Path, build: Any, *pairs: str, **changes: Any) -> Setup:
    method = Method(settings=Settings, build=build)
    settings = read_settings(Settings, pairs=[*toys.SETTINGS, *pairs])
    training = toys.training(folder, **({"method": "moco-v2"} | changes))
    return set_up(replace(training, method=method, settings=settings), device="cpu", group=Group())


def test_a_method_gets_what_it_asks_for() -> None:
    pairs = ("batch_size=8", "sub_batch=4", "optimizer=adamw")
    bench = reference.bench(Method(settings=Settings, build=Asking), *pairs, images=8)
    objective, student = bench.objective, bench.objective.networks.student
    assert isinstance(objective, Asking)
    before = {name: parameter.detach().clone() for name, parameter in student.named_parameters()}
    bench.step(3, lr=0.1, progress=0.5)
    *losses, norm = objective.given
    shapes = [(3, reference.SIDE, reference.SIDE), (3, 8, 8), (3, 8, 8)]
    assert sorted(given[:3] for given in losses) == [(0, 3, shapes), (4, 3, shapes)]
    assert norm > 1e-3
    assert sum(p.grad.square().sum() for p in student.parameters() if p.grad is not None) <= 1e-6 + 1e-9
    assert [(group["lr"], group["weight_decay"]) for group in bench.optimizer.param_groups] == [(0.1, 0.75), (0.05, 0)]
    changed = {name for name, parameter in student.named_parameters() if not torch.equal(parameter, before[name])}
    # Without a gradient not even the decay changes it.
    assert changed == {*before} - {"backbone.0.weight"}


def test_the_generator_depends_on_seed_step_and_sub_batch() -> None:
    given = []
    for step in (3, 4, 3):
        bench = reference.bench(Method(settings=Settings, build=Asking), "batch_size=8", "sub_batch=4")
        bench.step(step)
        assert isinstance(bench.objective, Asking)
        given.append(sorted(noise for *_, noise in bench.objective.given[:2]))
    assert given[0] == given[2]
    assert len({tuple(noise) for step in given for noise in step}) == 4


def test_a_loss_that_draws_nothing_need_not_take_the_generator() -> None:
    bench = reference.bench(Method(settings=Settings, build=Old), "batch_size=8", "sub_batch=4")
    assert bench.step(0).loss > 0


def test_the_exported_network_is_the_one_that_is_written(images: Path, tmp_path: Path) -> None:
    work = replace(
        toys.training(images),
        method=Method(settings=Settings, build=toys.Remembered(Asking)),
        settings=read_settings(Settings, pairs=toys.SETTINGS),
    )
    file = toys.train(work, tmp_path / "out")
    assert file is not None
    written, networks = load_file(file), toys.Remembered.objective.networks
    student, teacher = (network.get_submodule("backbone").state_dict() for network in networks)
    assert all(torch.equal(tensor, teacher[name]) for name, tensor in written.items())
    assert not torch.equal(written["3.weight"], student["3.weight"])


class Lacking(Asking):
    def parameter_groups(self) -> Sequence[ParameterGroup]:
        return super().parameter_groups()[:1]


class Twice(Asking):
    def parameter_groups(self) -> Sequence[ParameterGroup]:
        return [*super().parameter_groups(), *super().parameter_groups()[1:]]


class Beyond(Asking):
    target_views = (0, 3)


class Shuffled(Asking):
    target_views = (0, 1)
    shuffled = True


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (Lacking, "parameter_groups lack head.weight"),
        (Twice, "have a parameter twice"),
        (Beyond, r"target_views are \(0, 3\), of 3 views"),
        (Shuffled, "shuffled targets of 2 views"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_one_line(images: Path, build: Any, told: str) -> None:
    with pytest.raises(ArtbenchError, match=told) as refusal:
        setup(images, build)
    assert "\n" not in str(refusal.value)


def test_the_pool_is_held_at_one_and_a_half_of_the_largest_view(images: Path) -> None:
    assert setup(images, Asking).source_side == 24
    assert setup(images, Asking, "source_side=40").source_side == 40


def test_views_that_the_backbone_does_not_take_are_refused(images: Path) -> None:
    def flat() -> Backbone:
        module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 4))
        return Backbone(name="flat", module=module, feature_dim=4, mean=(0.5,) * 3, std=(0.5,) * 3, input_size=16)

    spec = replace(toys.training(images).backbone, factory=flat)
    with pytest.raises(UsageError, match=r"flat does not take views of 8 px \(.*Give all views 16 px"):
        setup(images, Asking, backbone=spec)


class Adam(Settings):
    optimizer: Literal["sgd", "lars", "adamw", "adam"] = "adam"  # type: ignore[assignment]


class Halves(Settings):
    epochs: float = 0.5  # type: ignore[assignment]


class Steep(Settings):
    lr: float = 0.1
    warmup_epochs: int = 1
    crop_size: int = 32
    optimizer: Literal["lars"] = "lars"
    own: Literal["a", "b"] = "a"


def test_a_method_can_narrow_the_settings_and_not_widen_them() -> None:
    for kind, told in (
        (Adam, "Adam lets the setting optimizer take adam, which artbench does not know. It takes sgd, lars or adamw"),
        (Halves, "Halves lets the setting epochs take float"),
    ):
        with pytest.raises(UsageError, match=told):
            Method(settings=kind, build=Asking)
    Method(settings=Steep, build=Asking)
    assert read_settings(Steep, pairs=["lr=100"]).lr == 100
    with pytest.raises(UsageError, match=r"^lr=101.0 is outside its range, above 0 to 100\.$"):
        read_settings(Steep, pairs=["lr=101"])


class Wide(Settings):
    crop_scale: float = Field(default=0.5, ge=0, le=2)


def test_the_ranges_are_those_of_artbench_whatever_a_method_states() -> None:
    with pytest.raises(UsageError, match=r"crop_scale=0\.0 is outside its range, above 0 to 1"):
        read_settings(Wide, pairs=["crop_scale=0"])
