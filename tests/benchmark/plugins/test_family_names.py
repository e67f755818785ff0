"""Names of a library's models, kept in the cache; the library here is a package of this test."""

import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import pytest

from artbench.errors import ArtbenchError, UsageError
from artbench.plugins import family_names
from artbench.plugins.catalogue import Catalogue, Entry
from artbench.specs import BackboneSpec, Family

ZEBRA = "zebra"


def spec(name: str) -> BackboneSpec:
    return BackboneSpec(name=name, description="An animal.", factory="zoo_library:build")


def names() -> Sequence[str]:
    listed: Sequence[str] = import_module("zoo_library").NAMES
    return listed


def catalogue(library: str = "zoo_library") -> Catalogue[BackboneSpec]:
    zoo: Family[BackboneSpec] = Family(name="zoo", description="A zoo.", resolve=spec, names=names, library=library)
    return Catalogue("backbone", [Entry(zoo, "zoo", "artbench-zoo")])


def write(folder: Path, listed: Sequence[str]) -> None:
    """Write the library, as it is installed or changed between two starts."""
    (folder / "zoo_library").mkdir(exist_ok=True)
    (folder / "zoo_library" / "__init__.py").write_text("from zoo_library.models import NAMES\n")
    (folder / "zoo_library" / "models.py").write_text(f"NAMES = {listed!r}\n")


def start_anew() -> None:
    """Forget what this process has imported and read, as another process would not know it."""
    for module in ("zoo_library", "zoo_library.models"):
        sys.modules.pop(module, None)
    family_names._state_of.cache_clear()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    write(tmp_path, [ZEBRA, "zebu"])
    start_anew()
    yield tmp_path / "cache"
    start_anew()


def imported() -> bool:
    return "zoo_library" in sys.modules


def test_a_library_is_imported_for_its_names_once() -> None:
    assert catalogue().get(ZEBRA).name == ZEBRA
    assert imported()
    start_anew()
    assert catalogue().get("zebu").name == "zebu"
    with pytest.raises(UsageError, match=r"no backbone is called 'zebro'\. .*The nearest: zebra"):
        catalogue().get("zebro")
    assert [name for _, name, _ in catalogue().search("ze*")] == [ZEBRA, "zebu"]
    assert not imported()


@pytest.mark.parametrize("file", ["__init__.py", "models.py"])
def test_a_library_whose_files_have_changed_is_asked_again(file: str, tmp_path: Path) -> None:
    catalogue().get(ZEBRA)
    start_anew()
    write(tmp_path, ["zorse"])
    time = (tmp_path / "zoo_library" / file).stat().st_mtime_ns + 5_000_000_000
    os.utime(tmp_path / "zoo_library" / file, ns=(time, time))
    assert catalogue().get("zorse").name == "zorse"
    with pytest.raises(UsageError):
        catalogue().get(ZEBRA)


@pytest.mark.parametrize("content", ["", "[]", "nothing", '{"names": ["zorse"]}', '{"state": "", "names": ["zorse"]}'])
def test_a_list_that_is_old_or_no_list_is_made_anew(content: str, cache: Path) -> None:
    catalogue().get(ZEBRA)
    start_anew()
    (file,) = (cache / "names").iterdir()
    held = file.read_text()
    file.write_text(content)
    with pytest.raises(UsageError):
        catalogue().get("zorse")
    assert file.read_text() == held


def test_a_model_that_this_process_adds_is_known_here_alone() -> None:
    catalogue().get(ZEBRA)
    import_module("zoo_library").NAMES.append("okapi")
    assert catalogue().get("okapi").name == "okapi"
    start_anew()
    with pytest.raises(UsageError):
        catalogue().get("okapi")


def test_names_that_may_hold_additions_are_not_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_module("zoo_library").NAMES.append("okapi")
    monkeypatch.setattr(family_names, "_IMPORTED_BEFORE", frozenset(sys.modules))
    assert catalogue().get("okapi").name == "okapi"
    assert not (cache / "names").exists()


def test_a_cache_that_cannot_be_written_costs_time_alone(cache: Path) -> None:
    cache.write_text("a file")
    assert catalogue().get(ZEBRA).name == ZEBRA
    with pytest.raises(UsageError):
        catalogue().get("zebro")


def test_a_family_whose_library_is_absent_answers_itself() -> None:
    def resolve(name: str) -> BackboneSpec:
        raise ArtbenchError("no_such_library is not installed")

    zoo: Family[BackboneSpec] = Family(
        name="zoo", description="A zoo.", resolve=resolve, names=lambda: (), library="no_such_library"
    )
    with pytest.raises(ArtbenchError, match="no_such_library is not installed"):
        Catalogue("backbone", [Entry(zoo, "zoo", "artbench-zoo")]).get("zorse")


def test_a_family_without_a_library_is_always_asked() -> None:
    assert catalogue(library="").get("unlisted").name == "unlisted"
    assert not imported()
