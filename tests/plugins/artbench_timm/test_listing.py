import json
import subprocess
import sys
from pathlib import Path

import pytest
import timm

from artbench_timm.listing import listing

LOOK = """
import sys
from artbench_timm.family import resolve
assert resolve("vit_tiny_patch16_224").variants == {"size": (), "heads": ()}
assert resolve("resnet18").variants == {"size": ()}
assert resolve("resnet50.a1_in1k") is not None and resolve("resnet51") is None
print("timm" in sys.modules)
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir(mode=0o700)
    return tmp_path / "cache"


def imports_timm() -> bool:
    return subprocess.check_output([sys.executable, "-c", LOOK], text=True).strip() == "True"


def test_names_are_asked_of_timm_once(cache: Path) -> None:
    assert imports_timm()
    assert not imports_timm()


def test_it_has_the_names_of_timm(cache: Path) -> None:
    listing.cache_clear()
    assert listing().keys() == {*timm.list_models(include_tags=True), *timm.list_models()}
    listing.cache_clear()
    assert listing()["vit_tiny_patch16_224"]
    assert not listing()["resnet18"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "nothing",
        '{"state": "of another time", "names": ["resnet51"], "heads": []}',
        '{"names": ["resnet51"], "heads": []}',
    ],
)
def test_a_list_that_is_old_or_no_list_is_made_anew(cache: Path, content: str) -> None:
    file = cache / "names" / f"timm-{timm.__version__}.json"
    file.parent.mkdir(mode=0o700)
    file.write_text(content)
    listing.cache_clear()
    assert "resnet18" in listing()
    assert "resnet51" not in listing()
    assert "resnet18" in json.loads(file.read_text())["names"]


def test_a_cache_that_cannot_be_written_costs_time_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    listing.cache_clear()
    assert "resnet18" in listing()
    listing.cache_clear()
