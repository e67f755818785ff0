"""The names that a name with ranges stands for."""

import pytest

from artbench.encoders.request import sweep
from artbench.errors import UsageError


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("net", ["net"]),
        ("net@layer=1..3", ["net@layer=1", "net@layer=2", "net@layer=3"]),
        ("net@layer=1..2,size=64..65", [f"net@layer={a},size={b}" for a in (1, 2) for b in (64, 65)]),
        ("dist:net@pool=max,layer=9..10", ["dist:net@pool=max,layer=9", "dist:net@pool=max,layer=10"]),
        ("net@layer=1..", ["net@layer=1.."]),
        ("1..2", ["1..2"]),
    ],
)
def test_a_range_stands_for_several_names(name: str, names: list[str]) -> None:
    assert sweep(name) == names


def test_a_range_that_is_empty_or_endless_is_refused() -> None:
    for text in ("3..1", "1..9999"):
        with pytest.raises(UsageError, match="stands for no variant, or for more than 1,000"):
            sweep(f"net@layer={text}")
