"""A vision transformer at the beginning of MoCo v3: positions, weights, and what is not trained."""

import math
from pathlib import Path

import pytest
import torch
from timm import create_model
from torchvision.models import VisionTransformer

from artbench.encoders.backbone import Backbone
from artbench.encoders.build import build_encoder
from artbench.errors import ArtbenchError, UsageError
from artbench.pretrain.settings import read_settings
from artbench.runtime.progress import Silent
from artbench_moco.methods import moco_v3_vit
from artbench_moco.transformer import initialise, sine_positions
from artbench_timm.family import resolve
from tests.support.training import paint, train, training

WIDTH, PATCH = 48, 8
SETTINGS = ("batch_size=8", "sub_batch=8", "warmup_epochs=0", "hidden=8", "dim=4", "crop_size=32")


def backbone(module: torch.nn.Module) -> Backbone:
    return Backbone(name="vit", module=module, feature_dim=WIDTH, mean=(0.5,) * 3, std=(0.5,) * 3, input_size=32)


def of_timm(name: str = "vit_tiny_patch16_224", **options: object) -> torch.nn.Module:
    made = create_model(
        name, num_classes=0, img_size=32, patch_size=PATCH, embed_dim=WIDTH, depth=2, num_heads=3, **options
    )
    assert isinstance(made, torch.nn.Module)
    return made


def of_torchvision() -> torch.nn.Module:
    made: torch.nn.Module = VisionTransformer(
        image_size=32, patch_size=PATCH, num_layers=2, num_heads=3, hidden_dim=WIDTH, mlp_dim=4 * WIDTH
    )
    made.heads = torch.nn.Identity()
    return made


# Module, positions, class token, patch embedding, and one matrix of queries, keys and values.
LIBRARIES = [
    (of_timm, "pos_embed", "cls_token", "patch_embed.proj", "blocks.0.attn.qkv.weight"),
    (
        of_torchvision,
        "encoder.pos_embedding",
        "class_token",
        "conv_proj",
        "encoder.layers.encoder_layer_0.self_attention.in_proj_weight",
    ),
]


def test_positions_are_sines_and_cosines_of_row_and_column() -> None:
    positions = sine_positions(3, 8)
    for patch in range(9):
        row, column = divmod(patch, 3)
        expected = [
            turn(place / 10_000 ** (k / 2)) for place in (row, column) for turn in (math.sin, math.cos) for k in (0, 1)
        ]
        assert positions[patch].tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("module", "positions", "token", "patches", "joint"), LIBRARIES, ids=["timm", "torchvision"])
def test_the_initialisation_is_the_originals(
    module: object, positions: str, token: str, patches: str, joint: str
) -> None:
    assert callable(module)
    torch.manual_seed(0)
    made = module()
    initialise(backbone(made))
    place = made.get_parameter(positions)
    assert not place.requires_grad
    assert not place[0, 0].any()
    torch.testing.assert_close(place[0, 1:], sine_positions(4, WIDTH))
    assert 0.2e-6 < float(made.get_parameter(token).detach().std()) < 5e-6
    # The largest of some thousand uniform numbers is close to the bound.
    bounds = {
        joint: math.sqrt(6 / (WIDTH + WIDTH)),
        f"{patches}.weight": math.sqrt(6 / (3 * PATCH**2 + WIDTH)),
    }
    for name, part in made.named_modules():
        if isinstance(part, torch.nn.Linear) and "qkv" not in name:
            bounds[f"{name}.weight"] = math.sqrt(6 / (part.in_features + part.out_features))
            assert not part.bias.any()
    assert len(bounds) >= 6
    for name, bound in bounds.items():
        weights = made.get_parameter(name).detach()
        assert float(weights.abs().max()) == pytest.approx(bound, rel=0.01), name
        assert float(weights.std()) == pytest.approx(bound / math.sqrt(3), rel=0.05), name
    assert not made.get_parameter(joint.replace("weight", "bias")).any()
    assert not made.get_submodule(patches).bias.any()


@pytest.mark.parametrize(("module", "positions", "token", "patches", "joint"), LIBRARIES, ids=["timm", "torchvision"])
def test_positions_and_patches_are_not_trained(
    module: object, positions: str, token: str, patches: str, joint: str
) -> None:
    assert callable(module)
    settings = read_settings(moco_v3_vit().settings, pairs=["hidden=8", "dim=4"])
    student = moco_v3_vit().build(backbone(module()), settings, 100).networks.student
    frozen = {name for name, parameter in student.named_parameters() if not parameter.requires_grad}
    assert frozen == {f"backbone.{name}" for name in (positions, f"{patches}.weight", f"{patches}.bias")}
    settings = read_settings(moco_v3_vit().settings, pairs=["initialise_vit=false", "freeze_patch_embedding=false"])
    student = moco_v3_vit().build(backbone(module()), settings, 100).networks.student
    assert all(parameter.requires_grad for parameter in student.parameters())


@pytest.mark.parametrize(
    "module",
    [
        lambda: of_timm(reg_tokens=4),
        lambda: of_timm("deit_tiny_distilled_patch16_224"),
        lambda: of_timm(class_token=False, global_pool="avg"),
        lambda: create_model("resnet18", num_classes=0),
    ],
    ids=["registers", "two class tokens", "no class token", "ResNet"],
)
def test_other_networks_are_refused(module: object) -> None:
    assert callable(module)
    with pytest.raises(UsageError, match="vit is no vision transformer with a class token and absolute positions"):
        initialise(backbone(module()))


def test_the_encoder_is_measured_with_the_heads_it_was_trained_with(tmp_path: Path) -> None:
    spec = resolve("test_vit")
    assert spec is not None
    trained = spec.choose("heads=4,size=32")
    work = training(paint(tmp_path / "images"), "steps=1", *SETTINGS, method="moco-v3-vit", backbone=trained)
    assert train(work, tmp_path / "out") is not None
    encoder = build_encoder(trained, tmp_path / "out", seed=0, reporter=Silent())
    assert encoder.network is not None
    assert encoder.network.module.get_submodule("blocks.0.attn").num_heads == 4
    torch.testing.assert_close(encoder.network.module.get_parameter("pos_embed")[0, 1:], sine_positions(2, 64))
    with pytest.raises(ArtbenchError, match="out was trained as test_vit@heads=4,size=32, and test_vit@size=32 is"):
        build_encoder(spec.choose("size=32"), tmp_path / "out", seed=0, reporter=Silent())
