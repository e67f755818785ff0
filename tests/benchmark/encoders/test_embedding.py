"""Texts as vectors, from plugins that keep what they state and from others."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from artbench.encoders.build import build_encoder
from artbench.encoders.embedding import embedded, text_side
from artbench.encoders.encoder import Encoder
from artbench.encoders.text import TextSide
from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.loading import load_plugins
from artbench.specs import BackboneSpec
from artbench.testing import ContractError, check_backbone
from artbench.testing.tiny import network
from tests.support.plugins.toy_plugin import patches
from tests.support.reporters import RecordingReporter

WIDTH = network().feature_dim
Embed = Callable[[Sequence[str]], Any]


def letters(texts: Sequence[str]) -> torch.Tensor:
    return torch.tensor([[text.count(chr(97 + place)) + 1.0 for place in range(WIDTH)] for text in texts])


def spec(embed: Embed, **other: Any) -> BackboneSpec:
    def text(_: torch.nn.Module) -> TextSide:
        return TextSide(embed=embed, scale=10.0)

    given: dict[str, Any] = {"factory": network, "text": text, **other}
    return BackboneSpec(name="tiny", description="Reads letters.", **given)


def encoder(given: BackboneSpec) -> Encoder:
    random = load_plugins(only="").pretrainings.get("random")
    return build_encoder(given, random, seed=0, reporter=RecordingReporter())


def test_texts_become_vectors_of_length_1() -> None:
    built = encoder(spec(letters))
    found = embedded(text_side(built), ["abba", *["cab"] * 100], encoder=built)
    assert found.shape == (101, WIDTH)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(found[1], found[100])


@pytest.mark.parametrize(
    ("embed", "said"),
    [
        (lambda texts: letters(texts)[:, 1:], "vectors of shape"),
        (lambda texts: letters(texts)[:1], "vectors of shape"),
        (lambda texts: letters(texts).numpy(), "gives a ndarray, not a tensor of floats"),
        (lambda texts: letters(texts) * float("nan"), "NaN, infinity or without length"),
        (lambda texts: letters(texts) * 0, "NaN, infinity or without length"),
        (lambda texts: letters(texts).to("meta"), "the text side of backbone tiny failed"),
        (lambda texts: 1 / 0, "the text side of backbone tiny failed"),
    ],
)
def test_a_text_side_that_breaks_its_word_is_named(embed: Embed, said: str) -> None:
    built = encoder(spec(embed))
    with pytest.raises(ArtbenchError, match=said):
        embedded(text_side(built), ["abba", "cab"], encoder=built)
    with pytest.raises(ContractError, match="texts"):
        check_backbone(spec(embed))


def test_sparse_vectors_are_vectors() -> None:
    built = encoder(spec(lambda texts: letters(texts).to_sparse()))
    found = embedded(text_side(built), ["abba", "cab"], encoder=built)
    np.testing.assert_array_equal(found, embedded(text_side(encoder(spec(letters))), ["abba", "cab"], encoder=built))


def test_a_text_side_that_keeps_it_passes_the_checks() -> None:
    check_backbone(spec(letters))
    with pytest.raises(ContractError, match="text returns int"):
        check_backbone(spec(letters, text=lambda _: 3))


def test_a_scale_is_above_zero() -> None:
    with pytest.raises(ValueError, match="scale of a text side is -1"):
        TextSide(embed=letters, scale=-1)


def test_features_of_another_layer_are_not_compared_with_texts() -> None:
    given = spec(letters, factory=patches).choose("layer=2,pool=max")
    with pytest.raises(UsageError, match="can't be compared with texts"):
        text_side(encoder(given))
