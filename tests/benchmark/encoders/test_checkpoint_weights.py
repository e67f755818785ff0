"""Checkpoints of other people's code: another architecture is refused, and what the names don't tell is said."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from timm.layers import resample_abs_pos_embed
from torch import nn

from artbench.encoders.architecture import strangers
from artbench.encoders.backbone import Backbone
from artbench.encoders.build import build_encoder
from artbench.encoders.encoder import Encoder
from artbench.encoders.normalisation import Normalisation, given_normalisation
from artbench.errors import ArtbenchError, UsageError
from artbench.runtime.progress import Silent
from artbench.specs import BackboneSpec, Variant
from tests.support.reporters import RecordingReporter

IMAGENET = Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = Normalisation((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
State = dict[str, torch.Tensor]


def model(name: str, **options: Any) -> nn.Module:
    torch.manual_seed(0)
    module: nn.Module = timm.create_model(name, num_classes=0, **options)
    return module.eval()


def vit(name: str = "vit_tiny_patch16_224", *, width: int = 24, side: int = 32, **options: Any) -> nn.Module:
    settings = {"embed_dim": width, "depth": 1, "num_heads": 2, "patch_size": 8, "img_size": side}
    return model(name, **(settings | options))


def spec(module: nn.Module, *, side: int = 32, size: int | None = None) -> BackboneSpec:
    """A backbone of that module, with 0.5 as its mean, as timm's vision transformers have; `size`: of its variant."""

    def build(**_: int) -> Backbone:
        width = module(torch.zeros(1, 3, side, side)).shape[1]
        return Backbone(
            name="net", module=module, feature_dim=width, mean=HALF.mean, std=HALF.std, input_size=size or side
        )

    variant = Variant() if size is None else Variant((("size", size),))
    return BackboneSpec(name="net", description="A network", factory=build, variants={"size": ()}, variant=variant)


def load(
    tmp_path: Path, content: Any, backbone: BackboneSpec, *, given: Normalisation | None = None
) -> tuple[Encoder, list[str]]:
    torch.save(content, tmp_path / "run.pth")
    listener = RecordingReporter()
    encoder = build_encoder(backbone, tmp_path / "run.pth", seed=1, normalisation=given, reporter=listener)
    return encoder, listener.notices


OTHERS: dict[str, tuple[Callable[[], nn.Module], Callable[[], nn.Module], str]] = {
    "squeeze-and-excitation": (lambda: model("seresnet18"), lambda: model("resnet18"), r"layer1\.0\.se\.fc1\.weight"),
    "more blocks": (lambda: model("resnet34"), lambda: model("resnet18"), r"layer1\.2\.conv1\.weight"),
    "LayerScale": (lambda: vit(init_values=1e-4), vit, r"blocks\.0\.ls1\.gamma"),
    "norms of queries and keys": (lambda: vit(qk_norm=True), vit, r"blocks\.0\.attn\.q_norm\.weight"),
    "a deeper transformer": (lambda: vit(depth=2), vit, r"blocks\.1\.norm1\.weight"),
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("prefix", ["", "module.encoder_q."])
def test_another_architecture_is_refused_though_every_weight_is_there(kind: str, prefix: str, tmp_path: Path) -> None:
    trained, backbone, named = OTHERS[kind]
    state = {prefix + key: tensor for key, tensor in trained().state_dict().items()}
    with pytest.raises(ArtbenchError, match=rf"another architecture than net, whose blocks have no .*{named}"):
        load(tmp_path, {"state_dict": state}, spec(backbone()))


def test_registers_are_another_architecture_too(tmp_path: Path) -> None:
    state = vit().state_dict() | {"register_tokens": torch.zeros(1, 4, 24)}
    with pytest.raises(ArtbenchError, match="register_tokens"):
        load(tmp_path, state, spec(vit()))


@pytest.mark.parametrize("name", ["resnet18", "convnext_atto", "vgg11", "vit_tiny_patch16_224", "levit_128s", "dla34"])
def test_a_classifier_is_no_other_architecture(name: str) -> None:
    with torch.device("meta"):
        whole, backbone = timm.create_model(name), timm.create_model(name, num_classes=0)
    wanted = backbone.state_dict()
    left_out = {key: tensor for key, tensor in whole.state_dict().items() if key not in wanted}
    assert left_out
    assert strangers(left_out, wanted) == []


def test_heads_queues_decoders_and_stored_indices_are_left_out_with_a_notice(tmp_path: Path) -> None:
    backbone = vit()
    beside = {
        "head.0.weight": torch.zeros(2, 2),
        "queue": torch.zeros(3, 4),
        "mask_token": torch.zeros(1, 1, 24),
        "decoder_blocks.0.norm1.weight": torch.zeros(3),
        "blocks.0.attn.relative_position_index": torch.zeros(3, 3, dtype=torch.int64),
        "blocks.0.attn_mask": torch.zeros(3),
    }
    _, notices = load(tmp_path, backbone.state_dict() | beside, spec(vit()))
    assert "left out 6 tensors" in notices[0]


class _QuickGELU(nn.Module):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs * torch.sigmoid(1.702 * inputs)


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(width, 2, batch_first=True)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.Sequential()
        self.mlp.add_module("c_fc", nn.Linear(width, 4 * width))
        self.mlp.add_module("gelu", _QuickGELU())
        self.mlp.add_module("c_proj", nn.Linear(4 * width, width))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        normed = self.ln_1(tokens)
        tokens = tokens + self.attn(normed, normed, normed, need_weights=False)[0]
        added: torch.Tensor = tokens + self.mlp(self.ln_2(tokens))
        return added


class _Clip(nn.Module):
    """The vision transformer of CLIP (Radford et al. 2021), written from the paper, with the names of its code."""

    def __init__(self, *, width: int = 24, side: int = 32, patch: int = 8, depth: int = 2) -> None:
        super().__init__()
        self.class_embedding = nn.Parameter(torch.randn(width))
        self.positional_embedding = nn.Parameter(torch.randn((side // patch) ** 2 + 1, width))
        self.proj = nn.Parameter(torch.randn(width, 8))
        self.conv1 = nn.Conv2d(3, width, patch, stride=patch, bias=False)
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList(_Block(width) for _ in range(depth))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        patches = self.conv1(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_embedding.expand(len(images), 1, -1), patches], dim=1)
        tokens = self.ln_pre(tokens + self.positional_embedding)
        for block in self.transformer.resblocks:  # type: ignore[union-attr]
            tokens = block(tokens)
        features: torch.Tensor = self.ln_post(tokens[:, 0])
        return features


CLIP, QUICK = "vit_base_patch16_clip_224", "vit_base_patch16_clip_quickgelu_224"


@pytest.mark.parametrize("prefix", ["visual.", "module.visual."])
def test_a_vision_transformer_of_open_clip_gives_its_features(prefix: str, tmp_path: Path) -> None:
    torch.manual_seed(3)
    clip = _Clip().eval()
    state = {prefix + key: tensor for key, tensor in clip.state_dict().items()}
    state |= {"token_embedding.weight": torch.zeros(5, 8), "transformer.resblocks.0.ln_1.weight": torch.zeros(8)}
    encoder, notices = load(tmp_path, {"state_dict": state}, spec(vit(QUICK, depth=2)))
    images = torch.randn(2, 3, 32, 32)
    assert torch.allclose(encoder.module(images), clip(images), atol=1e-5)
    assert encoder.mean == (0.48145466, 0.4578275, 0.40821073)
    assert "CLIP's names" in encoder.source
    assert any("GELU or with QuickGELU" in notice and "net has QuickGELU" in notice for notice in notices)


def test_which_activation_the_backbone_has_is_said(tmp_path: Path) -> None:
    _, notices = load(tmp_path, _Clip().state_dict(), spec(vit(CLIP, depth=2)))
    assert any("net has GELU" in notice for notice in notices)


def test_a_vision_transformer_of_timm_in_open_clip_loads(tmp_path: Path) -> None:
    backbone = vit()
    state = {f"visual.trunk.{key}": tensor for key, tensor in backbone.state_dict().items()}
    encoder, notices = load(tmp_path, state | {"visual.head.proj.weight": torch.zeros(3, 24)}, spec(vit()))
    assert encoder.source == "run.pth (visual.trunk.)"
    assert (encoder.mean, encoder.std) == (HALF.mean, HALF.std)
    assert len(notices) == 1


def test_positions_are_resampled_when_a_size_is_asked_for_and_the_record_says_so(tmp_path: Path) -> None:
    trained = vit(side=32)
    encoder, notices = load(tmp_path, trained.state_dict(), spec(vit(side=48), side=48, size=48))
    expected = resample_abs_pos_embed(trained.state_dict()["pos_embed"], new_size=[6, 6])
    assert torch.allclose(encoder.module.state_dict()["pos_embed"], expected, atol=1e-6)
    said = "positions resampled from 4 x 4 to 6 x 6 patches, bicubic, antialiased"
    assert encoder.source == f"run.pth ({said})"
    assert notices == [f"run.pth: {said}"]


def test_positions_of_another_size_are_refused_unless_it_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"4 x 4 patches, net for 6 x 6") as error:
        load(tmp_path, vit(side=32).state_dict(), spec(vit(side=48), side=48))
    assert "--backbone net@size=32 takes them" in (error.value.mend or "")


def test_positions_that_are_no_square_are_refused_as_a_wrong_shape(tmp_path: Path) -> None:
    state = vit(side=32).state_dict()
    state["pos_embed"] = torch.zeros(1, 30, 24)
    with pytest.raises(ArtbenchError, match=r"pos_embed \(shape \(1, 30, 24\)"):
        load(tmp_path, state, spec(vit(side=48), side=48, size=48))


def _moco_v3(state: State) -> dict[str, Any]:
    names = {f"module.base_encoder.{key}": tensor for key, tensor in state.items()}
    return {"arch": "vit_small", "state_dict": names | {"module.predictor.0.weight": torch.zeros(2, 2)}}


def test_moco_v3s_small_transformer_has_twelve_heads(tmp_path: Path) -> None:
    small = vit(width=384, num_heads=12)
    with pytest.raises(ArtbenchError, match="12 attention heads, as MoCo v3's layout tells, and net has 6"):
        load(tmp_path, _moco_v3(small.state_dict()), spec(vit(width=384, num_heads=6)))
    encoder, _ = load(tmp_path, _moco_v3(small.state_dict()), spec(vit(width=384, num_heads=12)))
    assert encoder.source == "run.pth (state_dict, module.base_encoder.; mean and std of MoCo v3)"


@pytest.mark.parametrize("options", [{"num_heads": 3}, argparse.Namespace(num_heads=3)])
def test_heads_that_the_file_states_are_compared(options: object, tmp_path: Path) -> None:
    state = vit().state_dict()
    with pytest.raises(ArtbenchError, match="3 attention heads, as its own options tell"):
        load(tmp_path, {"model": state, "args": options}, spec(vit()))
    load(tmp_path, {"model": state, "args": {"num_heads": 2}}, spec(vit()))


NORMALISED: dict[str, tuple[Callable[[State], Any], Normalisation]] = {
    "MoCo v3": (_moco_v3, IMAGENET),
    "DINO": (lambda state: {"teacher": {f"backbone.{key}": tensor for key, tensor in state.items()}}, IMAGENET),
    "MAE": (lambda state: {"model": state | {"decoder_embed.weight": torch.zeros(2, 24)}}, IMAGENET),
    "none": (lambda state: {"model": state}, HALF),
}


@pytest.mark.parametrize("layout", NORMALISED)
def test_mean_and_std_are_those_of_the_layout_unless_given(layout: str, tmp_path: Path) -> None:
    make, expected = NORMALISED[layout]
    content = make(vit().state_dict())
    encoder, notices = load(tmp_path, content, spec(vit()))
    assert Normalisation(encoder.mean, encoder.std) == expected
    assert any("--mean and --std change it" in notice for notice in notices) == (expected == IMAGENET)
    given = Normalisation((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    encoder, _ = load(tmp_path, content, spec(vit()), given=given)
    assert Normalisation(encoder.mean, encoder.std) == given
    assert "mean and std as given" in encoder.source


@pytest.mark.parametrize(
    ("mean", "std"),
    [((0.5,), (0.5,)), ((0.5,) * 3, None), (None, (0.5,) * 3), ((0.5,) * 3, (0.5, 0.5, 0.0)), ((1e9,) * 3, (0.5,) * 3)],
)
def test_a_mean_that_can_not_be_is_refused(mean: Any, std: Any) -> None:
    with pytest.raises(UsageError, match=r"--mean|--std"):
        given_normalisation(mean, std)


def test_flattened_weights_of_fsdp_are_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match="flattened weights of FSDP") as error:
        load(tmp_path, {"model": {"_fsdp_wrapped_module._flat_param": torch.zeros(9)}}, spec(vit()))
    assert "FULL_STATE_DICT" in (error.value.mend or "")


def test_a_plain_checkpoint_needs_no_notice(tmp_path: Path) -> None:
    torch.save(vit().state_dict(), tmp_path / "run.pth")
    assert build_encoder(spec(vit()), tmp_path / "run.pth", seed=0, reporter=Silent()).source == "run.pth"
    assert load(tmp_path, vit().state_dict(), spec(vit()))[1] == []
