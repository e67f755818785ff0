"""What a record says of layer, pooling, width and training images must fit its backbone's name and its protocol."""

from typing import Any

import pytest

from artbench.evaluation.sizes import sizes_known_to
from artbench.leaderboard.validation.findings import FileFindings
from artbench.leaderboard.validation.sizes import EncoderSizes, check_sizes
from artbench.leaderboard.validation.variants import check_variant
from artbench.plugins.registry import Registry
from artbench.protocol import LINEAR_V1, LINEAR_V2, Protocol
from artbench.runtime.findings import Finding
from tests.support.records import record


def by_name(backbone: str, protocol: Protocol = LINEAR_V2, train: int = 100, **encoder: Any) -> list[str]:
    found: list[Finding] = []
    one = record(backbone=backbone, encoder=encoder, dataset={"train": train})
    check_variant(one, protocol, FileFindings("a.json", found))
    return [finding.message for finding in found]


@pytest.mark.parametrize(
    ("backbone", "encoder"),
    [
        ("resnet18", {"layer": 1, "pooling": "avg"}),
        ("colour-histogram", {"layer": 1}),
        ("resnet18@layer=2,pool=max", {"layer": 2, "pooling": "max"}),
        ("resnet18@size=64", {"layer": 1, "pooling": "avg"}),
    ],
)
def test_honest_claims_pass(backbone: str, encoder: dict[str, Any]) -> None:
    assert by_name(backbone, **encoder) == []


@pytest.mark.parametrize(
    ("backbone", "encoder", "words"),
    [
        ("resnet18", {"layer": 2, "pooling": "avg"}, "encoder.layer is 2, but resnet18 reads layer 1"),
        ("resnet18", {"layer": 0, "pooling": "avg"}, "encoder.layer is 0"),
        ("resnet18", {"layer": None, "pooling": "avg"}, "encoder.layer is None"),
        ("resnet18@layer=4", {"layer": 1, "pooling": "avg"}, "encoder.layer is 1, but resnet18@layer=4 reads layer 4"),
        ("resnet18@pool=max", {"layer": 1, "pooling": "avg"}, "encoder.pooling is avg"),
        ("resnet18@pool=max", {"layer": 1}, "encoder.pooling is None"),
        ("resnet18@size=32,layer=4", {"layer": 4}, "should be written resnet18@layer=4,size=32"),
        ("resnet18@layer=", {"layer": 1}, "is no variant"),
        ("resnet18@", {"layer": 1}, "is no variant"),
    ],
)
def test_claims_that_the_name_contradicts_are_refused(backbone: str, encoder: dict[str, Any], words: str) -> None:
    (fault,) = by_name(backbone, **encoder)
    assert words in fault


def test_records_of_the_first_release_need_no_layer_but_a_variant_does() -> None:
    assert by_name("resnet18", LINEAR_V1) == []
    (fault,) = by_name("resnet18@layer=2", LINEAR_V1)
    assert "encoder.layer is None" in fault


def test_a_width_must_be_had_from_features_and_images() -> None:
    assert by_name("resnet18", LINEAR_V2.with_width(64), layer=1) == []
    for width, train in ((513, 1000), (100, 100)):
        (fault,) = by_name("resnet18", LINEAR_V2.with_width(width), train, layer=1)
        assert f"a width of {width} can't be had from 512 features of {train:,} training images" in fault


def here(registry: Registry, backbone: str, **encoder: Any) -> list[str]:
    found: list[Finding] = []
    sizes = sizes_known_to(registry)
    one = record(backbone=backbone, encoder=encoder)
    known = sizes(one) or EncoderSizes()
    shared = {name: getattr(known, name) for name in ("parameters", "feature_dim", "input_size")}
    one = record(backbone=backbone, encoder=encoder | {key: value for key, value in shared.items() if value})
    check_sizes(one, sizes(one), FileFindings("a.json", found))
    return [finding.message for finding in found]


def test_what_the_network_has_is_known_here(registry: Registry) -> None:
    assert here(registry, "toy-patches", layer=1) == []
    assert here(registry, "toy-patches") == []
    assert here(registry, "toy-patches@pool=max", layer=1, pooling="max") == []
    (fault,) = here(registry, "toy-patches", layer=1, pooling="cls")
    assert fault == "toy-patches has the pooling None here; the record says cls"
    (fault,) = here(registry, "toy-patches@layer=2", layer=2, pooling="max")
    assert fault == "toy-patches@layer=2 has the pooling avg here; the record says max"
    (fault,) = here(registry, "toy-patches@layer=1", layer=1)
    assert fault == "toy-patches@layer=1 is toy-patches"
    (fault,) = here(registry, "toy-patches@layer=9", layer=9, pooling="avg")
    assert fault == "toy-patches has no layer=9"
    (fault,) = here(registry, "toy-patches@colour=3", layer=1, pooling="avg")
    assert "toy-patches" in fault


@pytest.mark.parametrize("name", ["toy_patches", "T0y-patches", "toy-patches\u0301"])
def test_a_name_that_looks_like_one_that_is_registered_is_refused(registry: Registry, name: str) -> None:
    (fault,) = here(registry, name, layer=1)
    assert fault == f"the backbone {name} looks like toy-patches"
    (unchecked,) = here(registry, "nobodys-network", layer=1)
    assert "it is not known here" in unchecked
