"""MoCo v3 against a plain implementation of its paper and of its code, step by step in float64."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from timm import create_model

from artbench.encoders.backbone import Backbone
from artbench.errors import UsageError
from artbench_moco.methods import moco_v3, moco_v3_vit
from tests.support import method_bench as reference
from tests.support import plain_training as plain

SMALL = ("batch_size=8", "sub_batch=8", "hidden=12", "dim=6")
# Two batches an epoch, six steps, a warm-up of two.
SHORT = (*SMALL, "epochs=3", "warmup_epochs=1")


def hidden_layer(features: int, width: int) -> list[torch.nn.Module]:
    return [torch.nn.Linear(features, width, bias=False), torch.nn.BatchNorm1d(width), torch.nn.ReLU()]


def last_layer(*, norm: bool) -> list[torch.nn.Module]:
    return [torch.nn.Linear(12, 6, bias=False), *([torch.nn.BatchNorm1d(6, affine=False)] if norm else [])]


def contrast(
    base: torch.nn.Module, encoder: torch.nn.Module, views: tuple[torch.Tensor, ...], t: float
) -> torch.Tensor:
    """The symmetric loss, each query against each key."""
    first, second = views
    with torch.no_grad():
        keys = [F.normalize(encoder(view)) for view in (first, second)]
    total = torch.zeros((), dtype=torch.float64)
    for view, key in ((first, keys[1]), (second, keys[0])):
        queries = F.normalize(base(view))
        for number, query in enumerate(queries):
            similar = torch.stack([query @ k for k in key]) / t
            total = total - similar.log_softmax(0)[number] * 2 * t / len(queries)
    return total


def test_steps_on_a_resnet_are_those_of_the_original() -> None:
    bench = reference.bench(moco_v3(), *SHORT, images=16)
    # The projector of `MoCo_ResNet` has two layers, and its predictor ends without a norm.
    projector = [torch.nn.Sequential(*hidden_layer(10, 12), *last_layer(norm=True)) for _ in range(2)]
    predictor = torch.nn.Sequential(*hidden_layer(6, 12), *last_layer(norm=False))
    base = plain.embedder_like(bench.objective.networks.student, projector=projector[0], predictor=predictor)
    encoder = plain.embedder_like(bench.objective.networks.teacher, projector=projector[1])
    optimizer = plain.PlainLars(base.parameters(), decay=1e-6)
    for number in range(4):
        plain.average(encoder, base, plain.half_cosine(0.99, 1, number / 6))
        (views,) = bench.views(number)
        loss = plain.gradients(base, contrast(base, encoder, views, 1.0))
        optimizer.step(plain.warmed_cosine(0.6 * 8 / 256, number, warmup=2, steps=6))
        plain.assert_same(bench, bench.scheduled_step(number), loss=loss, student=base, teacher=encoder)


def small_transformer() -> Backbone:
    module = create_model(
        "vit_tiny_patch16_224", num_classes=0, img_size=16, patch_size=8, embed_dim=24, depth=2, num_heads=3
    )
    return Backbone(name="vit", module=module, feature_dim=24, mean=(0.5,) * 3, std=(0.25,) * 3, input_size=16)


def test_steps_on_a_transformer_are_those_of_the_original() -> None:
    bench = reference.bench(moco_v3_vit(), *SHORT, images=16, on=small_transformer())
    # The projector of `MoCo_ViT` has three layers, and its predictor ends in a norm.
    projector = [
        torch.nn.Sequential(*hidden_layer(24, 12), *hidden_layer(12, 12), *last_layer(norm=True)) for _ in range(2)
    ]
    predictor = torch.nn.Sequential(*hidden_layer(6, 12), *last_layer(norm=True))
    base = plain.embedder_like(bench.objective.networks.student, projector=projector[0], predictor=predictor)
    encoder = plain.embedder_like(bench.objective.networks.teacher, projector=projector[1])
    for name in ("pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias"):
        base.get_submodule("backbone").get_parameter(name).requires_grad_(False)
    trained = [parameter for parameter in base.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, weight_decay=0.1)
    for number in range(4):
        plain.average(encoder, base, plain.half_cosine(0.99, 1, number / 6))
        (views,) = bench.views(number)
        loss = plain.gradients(base, contrast(base, encoder, views, 0.2))
        plain.torch_step(optimizer, plain.warmed_cosine(1.5e-4 * 8 / 256, number, warmup=2, steps=6))
        plain.assert_same(bench, bench.scheduled_step(number), loss=loss, student=base, teacher=encoder)


def test_negatives_are_the_keys_of_the_whole_batch_over_all_sub_batches() -> None:
    split = reference.bench(moco_v3(), *SMALL, "warmup_epochs=0", "temperature=0.5", "sub_batch=4")
    base, teacher = (reference.copied(network) for network in split.objective.networks)
    views = split.views(0)
    with torch.no_grad():
        k1, k2 = (torch.cat([F.normalize(teacher(pair[view])) for pair in views]) for view in (0, 1))
    losses = []
    for place, (first, second) in enumerate(views):
        labels = torch.arange(4) + 4 * place
        pairs = ((F.normalize(base(first)), k2), (F.normalize(base(second)), k1))
        losses += [F.cross_entropy(q @ k.T / 0.5, labels) for q, k in pairs]
    assert split.step(0).loss == pytest.approx(float(torch.stack(losses).sum().detach()) / 2, rel=1e-10)


def test_no_gradient_reaches_the_momentum_encoder_which_has_no_predictor() -> None:
    teacher = reference.bench(moco_v3(), *SMALL, "warmup_epochs=0").objective.networks.teacher
    assert not hasattr(teacher, "predictor")
    assert all(not parameter.requires_grad for parameter in teacher.parameters())


def test_a_network_without_patches_is_refused() -> None:
    with pytest.raises(UsageError, match="small is no vision transformer"):
        reference.bench(moco_v3_vit(), *SMALL)
    with pytest.raises(UsageError, match="small has no patch embedding to freeze"):
        reference.bench(moco_v3_vit(), *SMALL, "initialise_vit=false")
