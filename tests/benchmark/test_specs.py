"""Names of variants: what is accepted, and under which one name it goes on record."""

import re

import pytest

from artbench.errors import UsageError
from artbench.specs import BackboneSpec, Variant

SPEC = BackboneSpec(
    name="net", description="a network", factory="statistics:mean", variants={"bins": (4, 8), "size": ()}
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("pool=max,layer=2", "layer=2,pool=max"), ("layer=002", "layer=2"), ("bins=8", "bins=8"), ("size=96", "size=96")],
)
def test_variants_are_put_in_one_order(text: str, canonical: str) -> None:
    assert SPEC.choose(text).name == f"net@{canonical}"


def test_the_first_value_that_a_plugin_offers_is_its_default() -> None:
    assert SPEC.choose("bins=4").name == "net"
    assert SPEC.choose("bins=4").variant == Variant()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is not a choice of a variant"),
        ("pool", "'pool' is not a choice"),
        ("pool=", "'pool=' is not a choice"),
        ("pool=max,", "'' is not a choice"),
        ("Pool=max", "'Pool=max' is not a choice"),
        ("pool=max@layer=2", "'pool=max@layer=2' is not a choice"),
        ("pool=max\n", "is not a choice"),
        ("pool=max,pool=avg", "chooses pool twice"),
        ("pool=mean", "pool=mean is not one of cls, avg, cls+avg, map, max"),
        ("layer=0", "layer=0 is not a number from 1, the last"),
        ("layer=last", "layer=last is not a number"),
        ("size=99999", "size=99999 is not a side from 16 to 4096 pixels"),
        ("bins=5", "net has no bins=5. It has: 4, 8"),
        ("pool=maxx", "pool=maxx is not one of cls, avg, cls+avg, map, max. Did you mean 'max'?"),
        ("pol=max", "net has no variants by 'pol'. Did you mean 'pool'? It has: bins, layer, pool, size"),
        ("depth=5", "net has no variants by 'depth'. It has: bins, layer, pool, size"),
    ],
)
def test_what_is_no_variant_is_refused_with_what_there_is(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        SPEC.choose(text)


def test_the_network_of_a_variant_is_named_without_layer_and_pool() -> None:
    assert SPEC.choose("layer=2,pool=max,size=96").network == "net@size=96"
    assert SPEC.choose("layer=2").network == "net"
    assert Variant.parse("layer=2,size=96").without("layer", "size") == Variant()
