"""Reading features at layers and pools of networks that say where they lie."""

from functools import partial
from typing import Literal

import pytest
import torch

from artbench.encoders.backbone import Backbone, Layers
from artbench.encoders.build import build_encoder, canonical
from artbench.encoders.encoder import joined
from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.runtime.progress import Silent
from artbench.specs import BackboneSpec


class Tokens(torch.nn.Module):
    """Two blocks of tokens with a class token in front, a final norm, and the class token as feature."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = torch.nn.Conv2d(3, 6, 8, stride=8)
        self.token = torch.nn.Parameter(torch.randn(1, 1, 6))
        self.first, self.second, self.norm = torch.nn.Linear(6, 6), torch.nn.Linear(6, 6), torch.nn.LayerNorm(6)
        torch.nn.init.uniform_(self.norm.weight)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        patches = self.patches(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(images), -1, -1), patches], 1)
        features: torch.Tensor = self.norm(self.second(self.first(tokens).relu()))[:, 0]
        return features


def _tokens(*, size: int = 32, own: Literal["cls", "map"] = "cls") -> Backbone:
    return Backbone(
        name="tokens",
        module=Tokens(),
        feature_dim=6,
        mean=(0.5, 0.5, 0.5),
        std=(0.2, 0.2, 0.2),
        input_size=size,
        pool=own,
        layers=partial(Layers, names=("first", "norm"), prefix_tokens=1, norm="norm"),
    )


SPEC = BackboneSpec(name="tokens", description="tokens", factory=_tokens, variants={"size": ()})


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins()


def _features(spec: BackboneSpec, registry: Registry, images: torch.Tensor) -> torch.Tensor:
    encoder = build_encoder(spec, registry.pretrainings.get("random"), seed=0, reporter=Silent())
    with torch.no_grad():
        features: torch.Tensor = encoder.module(images)
    assert features.shape == (len(images), encoder.feature_dim)
    return features


def test_tokens_are_pooled_as_the_variant_says(registry: Registry) -> None:
    images = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    encoder = build_encoder(SPEC, registry.pretrainings.get("random"), seed=0, reporter=Silent())
    network = encoder.module
    assert isinstance(network, Tokens)
    with torch.no_grad():
        patches = network.patches(images).flatten(2).transpose(1, 2)
        first = network.first(torch.cat([network.token.expand(3, -1, -1), patches], 1))
        last = network.norm(network.second(first.relu()))
        earlier = network.norm(first)
    expected = {
        "pool=cls": last[:, 0],
        "pool=avg": last[:, 1:].mean(1),
        "pool=max": last[:, 1:].amax(1),
        "pool=cls+avg": torch.cat([last[:, 0], last[:, 1:].mean(1)], 1),
        "layer=2": earlier[:, 0],
        "layer=2,pool=avg": earlier[:, 1:].mean(1),
    }
    for variant, features in expected.items():
        torch.testing.assert_close(_features(SPEC.choose(variant), registry, images), features, msg=variant)


@pytest.mark.parametrize(
    ("variant", "name"),
    [
        ("layer=1", "tokens"),
        ("pool=cls", "tokens"),
        ("pool=cls,layer=2", "tokens@layer=2"),
        ("layer=1,pool=avg", "tokens@pool=avg"),
        ("size=32", "tokens"),
        ("size=64,pool=cls", "tokens@size=64"),
    ],
)
def test_a_choice_that_is_the_networks_own_is_not_named(variant: str, name: str) -> None:
    assert canonical(SPEC.choose(variant)).name == name


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ("layer=3", "tokens has no layer=3. It has 2, counted from the end"),
        ("pool=map", "tokens has no pool=map. It has: cls, avg, cls\\+avg, max"),
        ("layer=2,pool=map", "tokens has no pool=map at layer 2"),
    ],
)
def test_what_a_network_lacks_is_refused_with_what_it_has(variant: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        canonical(SPEC.choose(variant))


def test_a_trained_attention_pool_is_offered_at_the_last_layer_alone() -> None:
    spec = BackboneSpec(name="tokens", description="tokens", factory=partial(_tokens, own="map"))
    assert canonical(spec.choose("pool=map")).name == "tokens"
    assert canonical(spec.choose("layer=2,pool=cls")).name == "tokens@layer=2"
    with pytest.raises(UsageError, match="no pool=map at layer 2"):
        canonical(spec.choose("layer=2,pool=map"))


def test_a_network_of_one_size_refuses_others() -> None:
    spec = BackboneSpec(name="tokens", description="tokens", factory=_tokens)
    with pytest.raises(ArtbenchError, match="tokens takes images of 32 pixels only, not of size=64"):
        canonical(spec.choose("size=64"))


def test_one_pass_gives_the_features_of_several_variants(registry: Registry) -> None:
    images = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    specs = [SPEC, *(SPEC.choose(variant) for variant in ("layer=2", "pool=cls+avg"))]
    encoders = [build_encoder(one, registry.pretrainings.get("random"), seed=0, reporter=Silent()) for one in specs]
    both = joined(encoders)
    assert both.feature_dim == 6 + 6 + 12
    assert len({encoder.weights_sha256 for encoder in encoders}) == 1
    with torch.no_grad():
        assert torch.equal(both.module(images), torch.cat([one.module(images) for one in encoders], 1))


@pytest.mark.parametrize("name", ["resnet18", "tf_efficientnet_lite0", "convnext_atto", "vit_tiny_patch16_224"])
def test_a_networks_own_pool_is_what_its_last_layer_gives(name: str, registry: Registry) -> None:
    """timm's output and the pool that the plugin states of it are the same numbers."""
    from artbench.encoders.readout import Place, readout

    built = load_factory_of(registry, name)
    side = built.input_size or 64
    images = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(1))
    assert built.layers is not None
    elsewhere = Place(layer=99)
    read = readout(built.module, built.layers(), [Place(pool=built.pool)], own=elsewhere)
    with torch.no_grad():
        torch.testing.assert_close(read(images), built.module(images))


def load_factory_of(registry: Registry, name: str) -> Backbone:
    from artbench.encoders.build import build_backbone

    return build_backbone(registry.backbones.get(name))
