"""A package is written whole or not at all, nothing is overwritten, and its code is in order whatever its name."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.scaffold import writing
from artbench.plugins.scaffold.naming import LONGEST, names_of
from artbench.plugins.scaffold.writing import KINDS, write_plugin


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def content(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", ["a", "class", "Z" * LONGEST, "0.x_" + "m" * (LONGEST - 5) + "1"])
def test_code_is_in_order_whatever_its_name(kind: str, name: str, tmp_path: Path) -> None:
    write_plugin(names_of(name), kind, tmp_path / "new")
    for words in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--no-cache"], cwd=tmp_path / "new", capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


def test_a_package_has_all_that_it_should(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    files = write_plugin(names_of("gram"), kind, folder)
    wanted = {".github/workflows/tests.yml", ".gitignore", "README.md", "pyproject.toml"}
    wanted |= {"src/artbench_gram/__init__.py", "src/artbench_gram/py.typed", "tests/test_artbench_gram.py"}
    assert wanted <= set(files)
    assert list(files) == sorted(content(folder))
    for path, text in content(folder).items():
        assert b"{{" not in text.replace(b"${{ matrix.python }}", b""), path
        assert b"MODULE" not in text
        assert text.endswith(b"\n") or not text
        assert b"\r" not in text
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["artbench"] == {"gram": "artbench_gram"}
    assert any(requirement.startswith("artbench>=") for requirement in project["dependencies"])


def test_the_workflow_installs_the_package_and_runs_its_tests(kind: str, tmp_path: Path) -> None:
    write_plugin(names_of("gram"), kind, tmp_path / "new")
    workflow: dict[Any, Any] = yaml.safe_load((tmp_path / "new" / ".github/workflows/tests.yml").read_bytes())
    # YAML 1.1 takes the word `on` for true.
    assert set(workflow[True]) == {"push", "pull_request"}
    job = workflow["jobs"]["tests"]
    assert job["strategy"]["matrix"]["python"][0] == "3.11"
    assert job["steps"][1]["with"]["python-version"] == "${{ matrix.python }}"
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[1:] == ['python -m pip install -e ".[dev]"', "ruff check", "ruff format --check", "mypy", "pytest"]


@pytest.mark.parametrize("there", ["nothing", "an empty folder", "a link to an empty folder"])
def test_it_is_written_where_nothing_is(there: str, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "new"
    if there != "nothing":
        folder.mkdir(parents=True)
    if there.startswith("a link"):
        folder, target = tmp_path / "link", folder
        folder.symlink_to(target)
    files = write_plugin(names_of("gram"), "task", folder)
    assert sorted(content(folder)) == list(files)
    assert not list(tmp_path.rglob(".artbench-new-*"))
    if os.name == "posix":
        assert folder.stat().st_mode & 0o777 == (tmp_path / "deep").stat().st_mode & 0o777


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"not empty: it holds mine\.txt\. Nothing is overwritten"):
        write_plugin(names_of("gram"), "task", tmp_path)
    with pytest.raises(UsageError, match="can't be written"):
        write_plugin(names_of("gram"), "task", tmp_path / "mine.txt")
    assert content(tmp_path) == {"mine.txt": b"mine"}


def test_who_comes_in_between_keeps_what_is_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "new"
    place = writing._place

    def late(texts: dict[str, str], where: Path) -> None:
        write = Path.write_text

        def also_written(self: Path, *words: Any, **settings: Any) -> int:
            folder.mkdir(exist_ok=True)
            write(folder / "theirs.txt", "theirs")
            return write(self, *words, **settings)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_text", also_written)
            place(texts, where)

    monkeypatch.setattr(writing, "_place", late)
    with pytest.raises(ArtbenchError, match="can't be written"):
        write_plugin(names_of("gram"), "task", folder)
    assert content(tmp_path) == {"new/theirs.txt": b"theirs"}


def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_text

    def full(self: Path, *words: Any, **settings: Any) -> int:
        if self.suffix == ".toml":
            raise OSError(28, "No space left on device")
        return write(self, *words, **settings)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ArtbenchError, match="No space left"):
        write_plugin(names_of("gram"), "task", tmp_path / "new")
    assert not list(tmp_path.iterdir())
