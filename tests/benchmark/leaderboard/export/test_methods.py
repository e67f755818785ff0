"""The paragraph on methods says what the protocol and the records say."""

import re

import pytest

from artbench.errors import ArtbenchError
from artbench.leaderboard.board import boards
from artbench.leaderboard.export.methods import methods
from artbench.protocol import LINEAR_V1, LINEAR_V2, Protocol
from tests.support.records import record


def _text(protocol: Protocol, *, sources: dict[str, str] | None = None, metric: str = "accuracy") -> str:
    encoder = record().encoder.model_dump() | {"layer": 2, "pooling": "max", "input_size": 224}
    rows = [
        record(protocol=protocol.name, protocol_hash=protocol.hash),
        record(backbone="vit@layer=2", protocol=protocol.name, protocol_hash=protocol.hash, encoder=encoder),
    ]
    return methods(boards(rows), sources=sources or {})


def test_it_names_images_features_probe_and_intervals() -> None:
    text = _text(LINEAR_V2, sources={"toy": "Toy and Toy, Toys, 2020"})
    assert (
        "We evaluated 2 frozen encoders on toy-style (version 1; 100 training and 40 test images, accuracy; [1])"
        in text
    )
    assert f"protocol linear-v2 (SHA-256 {LINEAR_V2.hash[:12]})" in text
    assert (
        "short side of 256 and 279 px and cropped at the centre to 224 x 224 and 244 x 244 px, as each network" in text
    )
    assert "vit@layer=2, random (layer 2 from the end, maximum pooling, 512 features)" in text
    assert "among 17 values from 1e-06 to 100 by the mean loss" in text
    assert "5 folds of whole groups" in text
    assert "\n1. Toy and Toy, Toys, 2020.\n2. The artbench developers, artbench" in text


def test_every_citation_is_listed_once() -> None:
    text = _text(LINEAR_V2.with_width(64), sources={"toy": "Toys"})
    cited = {int(number) for number in re.findall(r"\[(\d+)\]", text)}
    listed = [int(number) for number in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]
    assert listed == sorted(cited) == list(range(1, len(listed) + 1))
    assert "64 principal components" in text


def test_the_first_protocol_has_its_own_intervals() -> None:
    assert "1,000 bootstrap resamples" in _text(LINEAR_V1)
    assert "bootstrap resamples" not in _text(LINEAR_V2)
    assert "whole groups" not in _text(LINEAR_V1)


def test_a_protocol_that_is_not_known_is_refused() -> None:
    with pytest.raises(ArtbenchError, match="has no protocol linear-v1 \\(aaaaaaaaaaaa\\) to describe"):
        methods(boards([record()]), sources={})
