"""Collections that are found by their names on record."""

import json
from pathlib import Path

import pytest

from artbench.data.folders import DatasetPaths
from artbench.data.opening import open_datasets_with_tasks
from artbench.data.places import FILE, remember_place, with_places
from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.runtime.files import named_cache_folder
from artbench.runtime.progress import Silent
from tests.plugins.artbench_collection.museum import write_museum

TASK = "collection:works:style"


def placed(paths: DatasetPaths, notices: list[str] | None = None) -> Registry:
    return with_places(load_plugins(), paths, (notices if notices is not None else []).append)


def test_a_place_that_is_given_holds_for_names_from_the_user_and_from_files(tmp_path: Path) -> None:
    table = write_museum(tmp_path / "anywhere")
    table = table.rename(table.with_name("other=name.csv"))
    paths = DatasetPaths(by_name={"collection:works": table})
    registry = placed(paths)
    for spec in (registry.tasks.get(TASK), registry.tasks.named_in_file(TASK)):
        # The name on record is the one that was given: a table may be called otherwise here.
        assert (spec.name, spec.dataset) == (TASK, f"collection:works={table}")
    assert list(registry.tasks.expand("collection:works")) == [
        f"collection:works={table}:style",
        f"collection:works={table}:painter",
    ]
    (opened,) = open_datasets_with_tasks(["collection:works"], registry=registry, paths=paths, reporter=Silent())
    assert opened.dataset.name == "collection:works"
    assert {"collection:works:style", "collection:works:painter"} == set(opened.targets)
    with pytest.raises(UsageError):
        registry.tasks.named_in_file("collection:others:style")


def test_the_root_of_the_data_holds_collections_by_name(tmp_path: Path) -> None:
    write_museum(tmp_path / "data")
    registry = placed(DatasetPaths(root=tmp_path / "data"))
    assert registry.tasks.named_in_file(TASK).dataset == f"collection:works={tmp_path / 'data' / 'works.csv'}"
    # A stranger's record leads to nothing outside.
    write_museum(tmp_path)
    for name in ("collection:../works:style", f"collection:{tmp_path / 'works.csv'}:style", "collection:..:style"):
        with pytest.raises(UsageError):
            registry.tasks.named_in_file(name)


def test_the_last_place_is_remembered_and_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = write_museum(tmp_path)
    name = f"collection:{table}"
    open_datasets_with_tasks([name], registry=load_plugins(), paths=DatasetPaths(), reporter=Silent())
    notices: list[str] = []
    registry = placed(DatasetPaths(), notices)
    for _ in range(2):
        assert registry.tasks.named_in_file(TASK).dataset == f"collection:works={table}"
    told = f"collection:works is taken from {table}, where it was last: --data collection:works=PATH names another"
    assert notices == [told]
    # Not for names in records of strangers.
    with pytest.raises(UsageError):
        with_places(load_plugins(), DatasetPaths(), notices.append, remembered=False).tasks.named_in_file(TASK)
    # A path of the user's goes before it.
    write_museum(tmp_path / "here").rename(tmp_path / "here" / "works")
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(ArtbenchError, match="works is not a collection"):
        registry.tasks.get(TASK)
    table.unlink()
    with pytest.raises(UsageError):
        placed(DatasetPaths()).tasks.named_in_file(TASK)


def test_a_damaged_or_closed_list_of_places_stops_nothing(tmp_path: Path) -> None:
    file = named_cache_folder() / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('{"collection:works": 3')
    with pytest.raises(UsageError):
        placed(DatasetPaths()).tasks.named_in_file(TASK)
    remember_place("collection:works", tmp_path)
    assert json.loads(file.read_text()) == {"collection:works": str(tmp_path)}
