"""The names that a name with ranges stands for."""

from pathlib import Path

import pytest

from artbench.encoders.request import encoder_requests
from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.loading import load_plugins
from artbench.specs.variants import sweep


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
    with pytest.raises(UsageError, match=r"3\.\.1 counts down\. Write 1\.\.3"):
        sweep("net@layer=3..1")
    with pytest.raises(UsageError, match=r"stands for more than 1,000 variants"):
        sweep("net@layer=1..9999")


def test_a_checkpoint_whose_name_the_check_of_records_refuses_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "эпохаA.pth"
    file.write_bytes(b"x")
    registry = load_plugins(only="")
    with pytest.raises(ArtbenchError, match=r"mixes letters of two alphabets .*Rename the checkpoint"):
        list(encoder_requests(["colour-histogram"], [str(file)], registry=registry, seed=0))
