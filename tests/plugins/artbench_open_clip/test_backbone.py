"""Networks of open_clip as backbones: what the library computes, with a tiny network of seeded weights."""

from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch

from artbench.encoders.build import build_encoder
from artbench.encoders.embedding import embedded, text_side
from artbench.encoders.encoder import Encoder
from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from tests.support.reporters import RecordingReporter
from tests.support.tiny_clip import NAME, SIDE, TAG, WIDTH, checkpoint, drawn, in_hub, know_tiny_clip

TEXTS = ["a painting in the style of cubism", "an etching", "an etching"]


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    know_tiny_clip(monkeypatch)
    return load_plugins()


def build(registry: Registry, name: str, pretraining: str | Path) -> Encoder:
    weights = registry.pretrainings.get(pretraining) if isinstance(pretraining, str) else pretraining
    return build_encoder(registry.backbones.get(name), weights, seed=0, reporter=RecordingReporter())


def test_pictures_and_texts_are_what_open_clip_computes(registry: Registry, tmp_path: Path) -> None:
    encoder, network = build(registry, f"open_clip:{NAME}", checkpoint(tmp_path)), drawn()
    assert (encoder.feature_dim, encoder.input_size) == (WIDTH, SIDE)
    images = torch.rand(3, 3, SIDE, SIDE)
    with torch.inference_mode():
        torch.testing.assert_close(encoder.module(images), network.encode_image(images))
        texts = network.encode_text(open_clip.get_tokenizer(NAME)(TEXTS), normalize=True)
    side = text_side(encoder, registry)
    found = embedded(side, TEXTS, encoder=encoder)
    np.testing.assert_allclose(found, texts.numpy(), atol=1e-6)
    np.testing.assert_array_equal(found[1], found[2])
    assert side.scale == pytest.approx(1 / 0.07)


def test_published_weights_come_from_the_hubs_cache(registry: Registry, no_network: Path) -> None:
    in_hub(no_network)
    encoder = build(registry, f"open_clip:{NAME}.{TAG}", "published")
    assert encoder.source == f"open_clip/{NAME}.{TAG}"
    assert encoder.mean == (0.5, 0.5, 0.5)
    torch.testing.assert_close(encoder.module.get_parameter("text_projection"), drawn().text_projection)
    assert encoder.corpus is not None
    assert encoder.corpus.seen("wikiart").state == "unknown"


def test_a_hub_that_can_not_be_reached_is_one_line(registry: Registry, no_network: Path) -> None:
    # As it stands: by default the command asks for ImageNet weights, which no open_clip model has.
    advice = (
        rf"`artbench weights fetch --backbone open_clip:{NAME}\.{TAG} --pretraining published`.* --pretraining PATH"
    )
    with pytest.raises(ArtbenchError, match=rf"weights {NAME}\.{TAG} are not in the cache, .*{advice}"):
        build(registry, f"open_clip:{NAME}.{TAG}", "published")


def test_a_tag_of_quick_gelu_builds_the_network_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    know_tiny_clip(monkeypatch, quick_gelu=True)
    registry, images = load_plugins(), torch.rand(2, 3, SIDE, SIDE)
    encoder = build(registry, f"open_clip:{NAME}.{TAG}", checkpoint(tmp_path))
    with torch.inference_mode():
        torch.testing.assert_close(encoder.module(images), drawn(quick_gelu=True).encode_image(images))
        assert not torch.allclose(encoder.module(images), drawn().encode_image(images))


def test_a_checkpoint_without_its_text_tower_is_refused(registry: Registry, tmp_path: Path) -> None:
    state = {name: value for name, value in drawn().state_dict().items() if name.startswith("visual.")}
    torch.save(state, tmp_path / "half.pt")
    with pytest.raises(ArtbenchError, match=r"leaves .* weights of open_clip:tiny-clip unset"):
        build(registry, f"open_clip:{NAME}", tmp_path / "half.pt")


def test_texts_that_can_not_be_taken_whole_are_refused(registry: Registry) -> None:
    encoder = build(registry, f"open_clip:{NAME}", "random")
    side = text_side(encoder, registry)
    with pytest.raises(ArtbenchError, match=r"longer than the 20 tokens that tiny-clip takes: 'oil oil"):
        embedded(side, ["oil " * 19], encoder=encoder)
    assert embedded(side, ["oil " * 18], encoder=encoder).shape == (1, WIDTH)
    with pytest.raises(ArtbenchError, match="empty"):
        embedded(side, ["a fresco", " "], encoder=encoder)


def test_a_backbone_without_a_text_side_names_some_that_have_one(registry: Registry) -> None:
    encoder = build(registry, "colour-histogram", "none")
    with pytest.raises(UsageError, match=r"colour-histogram has no text side.* open_clip:ViT-B-32\.openai"):
        text_side(encoder, registry)


def test_names_are_those_of_open_clip(registry: Registry) -> None:
    names = [name for _, name, _ in registry.backbones.search("open_clip:*")]
    assert {f"open_clip:{NAME}", f"open_clip:{NAME}.{TAG}", "open_clip:ViT-B-32.openai"} <= set(names)
    with pytest.raises(UsageError, match=r"no backbone is called 'open_clip:ViT-B-33'.*open_clip:ViT-B-32"):
        registry.backbones.get("open_clip:ViT-B-33")


def test_without_the_extra_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artbench_open_clip.family.find_spec", lambda name: None)
    registry = load_plugins()
    with pytest.raises(ArtbenchError, match=r'needs open_clip, which is not installed.*pip install "artbench\[text\]"'):
        registry.backbones.get("open_clip:ViT-B-32.openai")
    assert list(registry.backbones.search("open_clip:*")) == []
