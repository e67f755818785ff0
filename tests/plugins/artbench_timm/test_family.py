import pytest
import timm
import torch
from timm.models import is_model_in_modules

from artbench.encoders.build import build_encoder, unseeded
from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Silent
from artbench.specs import load_factory
from artbench_timm.backbone import build
from artbench_timm.family import names, resolve
from artbench_timm.layers import pool_options
from artbench_weights.weights import random

RANDOM = load_plugins().pretrainings.get("random")

# A small model of each kind, and what it should give: length of features, size of images if it is fixed.
SMALL = {
    "resnet18": (512, None),
    "resnet50.a1_in1k": (2048, None),
    "resnetv2_18": (512, None),
    "seresnext26ts": (2048, None),
    "regnety_002": (368, None),
    "densenet121": (1024, None),
    "mobilenetv3_small_050": (1024, None),
    "mobilenetv4_conv_small_035": (1280, None),
    "tf_efficientnet_lite0": (1280, None),
    "efficientnet_b0": (1280, None),
    "ghostnet_050": (1280, None),
    "rexnet_100": (1280, None),
    "repvgg_a0": (1280, None),
    "inception_v3": (2048, None),
    "dla46_c": (256, 224),
    "hrnet_w18_small": (2048, 224),
    "convnext_atto": (320, None),
    "convnextv2_atto": (320, None),
    "edgenext_xx_small": (168, None),
    "fastvit_t8": (768, None),
    "mobilevit_xxs": (320, None),
    "efficientformerv2_s0": (176, 224),
    "levit_128s": (384, 224),
    "vit_tiny_patch16_224": (192, 224),
    "vit_small_patch14_dinov2": (384, 518),
    "deit_tiny_patch16_224": (192, 224),
    "xcit_nano_12_p16_224": (128, 224),
    "swin_tiny_patch4_window7_224": (768, 224),
    "pvt_v2_b0": (256, None),
    "mixer_s32_224": (512, 224),
    "poolformer_s12": (512, None),
    "coatnet_pico_rw_224": (512, 224),
    "maxvit_pico_rw_256": (256, 256),
    "test_vit": (64, 160),
}


@pytest.mark.integration
@pytest.mark.parametrize("name", SMALL)
def test_models_of_every_kind_give_pooled_features(name: str) -> None:
    spec = resolve(name)
    assert spec is not None
    # What it holds is checked by build_encoder: a (2, feature_dim) answer to two images.
    encoder = build_encoder(spec, RANDOM, seed=0, reporter=Silent())
    assert encoder.backbone == name
    assert (encoder.feature_dim, encoder.input_size) == SMALL[name]


def test_there_is_no_classifier_left() -> None:
    spec = resolve("resnet18")
    assert spec is not None
    backbone = load_factory(spec.factory)()
    assert not [key for key in backbone.module.state_dict() if key.startswith("fc.")]
    assert random(backbone).state.keys() == backbone.module.state_dict().keys()


def test_a_model_without_pooled_features_is_refused() -> None:
    spec = resolve("mobilenetv5_300m_enc")
    if spec is None:
        pytest.skip("this timm is older than the model")
    # Without memory: it has 300 million weights.
    with (
        torch.device("meta"),
        pytest.raises(ArtbenchError, match=r"gives no pooled features, one vector per image, but \(1, 2048, 16, 16\)"),
    ):
        load_factory(spec.factory)()


def test_names_are_those_of_timm_with_and_without_tags() -> None:
    known = set(names())
    assert {"resnet50", "resnet50.a1_in1k", "vit_small_patch14_dinov2.lvd142m"} <= known
    assert known >= set(timm.list_pretrained())
    backbones = load_plugins().backbones
    for name in ("resnet51000", "resnet50.no_such_tag"):
        with pytest.raises(UsageError, match=f"no backbone is called '{name}'"):
            backbones.get(name)


def test_heads_are_a_variant_where_timm_has_as_many_in_every_block() -> None:
    # Told by timm itself, which takes seconds to import; artbench reads its files.
    modules = ("vision_transformer", "deit", "beit", "eva")
    told = {name for name in timm.list_models() if is_model_in_modules(name, modules)}
    specs = [resolve(name) for name in timm.list_models()]
    assert {spec.name for spec in specs if spec is not None and "heads" in spec.variants} == told
    tagged = resolve("vit_tiny_patch16_224.augreg_in21k")
    assert tagged is not None
    assert tagged.variants == {"size": (), "heads": ()}


def test_the_plugin_is_found_by_name() -> None:
    assert load_plugins().backbones.get("resnet50.a1_in1k").name == "resnet50.a1_in1k"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_model_of_timm_gives_pooled_features_or_says_why_not() -> None:
    # Without memory or arithmetic, on the meta device: twenty minutes for 1,371 models.
    refused = []
    for name in timm.list_models():
        spec = resolve(name)
        assert spec is not None
        try:
            with torch.device("meta"):
                backbone = load_factory(spec.factory)()
                side = backbone.input_size or 244
                with torch.inference_mode():
                    assert backbone.module(torch.zeros(2, 3, side, side)).shape == (2, backbone.feature_dim), name
        except ArtbenchError:
            refused.append(name)
    # Encoders for language models, which give maps.
    assert all(name.endswith("_enc") for name in refused)


def test_a_name_that_no_function_of_timm_can_have_is_answered_without_timm() -> None:
    # A model is called like the function that makes it; importing timm to look for others takes seconds.
    assert all(name.partition(".")[0].isidentifier() for name in names())
    assert resolve("toy-patches") is None


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("vit_small_patch16_dinov3", {"global_pool": "token"}),
        ("vit_tiny_patch16_dinov3_qkvb", {"global_pool": "token"}),
        ("vit_base_patch16_sapiens2", {"global_pool": "token"}),
        # A map has no class token; timm's own default is that of the authors.
        ("convnext_tiny.dinov3_lvd1689m", {}),
        ("vit_base_patch14_dinov2", {}),
    ],
)
def test_models_are_pooled_as_their_authors_do(name: str, options: dict[str, str]) -> None:
    assert pool_options(name) == options


def test_sides_that_leave_part_of_a_patch_are_refused() -> None:
    spec = resolve("test_vit")
    assert spec is not None
    assert load_factory(spec.choose("size=192").factory)(size=192).input_size == 192
    with pytest.raises(ArtbenchError, match=r"does not take images of size=200. Sides are multiples of 16"):
        load_factory(spec.factory)(size=200)


def test_a_transformer_can_be_built_with_another_number_of_heads() -> None:
    spec = resolve("test_vit")
    assert spec is not None
    plain, other = (unseeded(spec.choose(f"size=64{heads}")) for heads in ("", ",heads=4"))
    assert [backbone.module.get_submodule("blocks.0.attn").num_heads for backbone in (plain, other)] == [2, 4]
    # The weights fit, and the network is another.
    other.module.load_state_dict(plain.module.state_dict())
    images = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert not torch.allclose(plain.module(images), other.module(images), atol=1e-3)
    assert plain.published.keys() == {"imagenet", "published"}
    assert not other.published


@pytest.mark.parametrize(
    ("name", "heads", "message"),
    [
        ("test_vit", "2", "has 2 heads by itself"),
        ("test_vit", "0", "does not take heads=0"),
        ("test_vit", "7", "does not take heads=7"),
        ("test_vit", "many", "does not take heads=many"),
        ("resnet18", "4", "has no variants by 'heads'"),
    ],
)
def test_a_number_of_heads_that_it_can_not_have_is_refused(name: str, heads: str, message: str) -> None:
    spec = resolve(name)
    assert spec is not None
    with pytest.raises(ArtbenchError, match=message):
        unseeded(spec.choose(f"heads={heads}"))


def test_a_transformer_takes_any_size_once_it_is_asked_to() -> None:
    backbone = build("vit_tiny_patch16_224", size=48)
    images = torch.randn(2, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    assert backbone.any_size is not None
    with torch.inference_mode():
        before = backbone.module(images)
        with pytest.raises(AssertionError):
            backbone.module(images[..., :32, :32])
        backbone.any_size()
        assert torch.equal(backbone.module(images), before)
        assert backbone.module(images[..., :32, :32]).shape == before.shape
    assert build("resnet18").any_size is None
