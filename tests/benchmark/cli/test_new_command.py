"""`artbench new plugin` on the command line: what it says, and what it refuses."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from artbench.cli.main import artbench
from artbench.errors import UsageError


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARTBENCH_PLUGINS", "")


def new(*words: str) -> Result:
    return CliRunner().invoke(artbench, ["new", "plugin", *words], standalone_mode=False)


def refused(*words: str) -> str:
    error = new(*words).exception
    assert isinstance(error, UsageError)
    assert "\n" not in str(error)
    return str(error)


def test_it_says_what_was_written_and_what_to_do_next(tmp_path: Path) -> None:
    done = new("marks", "--kind", "dataset", "--out", "my marks")
    assert done.exit_code == 0, done.exception
    assert "my marks\n├── .github\n" in done.stdout
    assert "│   └── artbench_marks\n│       ├── __init__.py\n" in done.stdout
    steps = done.stdout.partition("Next:\n")[2].splitlines()
    assert steps[:2] == ["  cd 'my marks'", "  python -m pip install -e '.[dev]' && pytest"]
    assert "--task marks-technique --data marks=few" in steps[2]
    assert len(steps) == 3


def test_json_has_the_same(tmp_path: Path) -> None:
    done = new("marks", "--kind", "dataset", "--json")
    found = json.loads(done.stdout)
    assert (found["name"], found["distribution"], found["module"]) == ("marks", "artbench-marks", "artbench_marks")
    assert found["registers"] == [
        {"kind": "dataset", "name": "marks"},
        {"kind": "task", "name": "marks-technique"},
    ]
    assert len(found["next"]) == 3
    folder = tmp_path / found["folder"]
    assert sorted(found["files"]) == sorted(
        file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()
    )


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("../up", "task", "can't be the name"),
        ("timm", "task", "a plugin is called timm already, that of artbench"),
        ("artbench", "task", "a plugin is called artbench already"),
        ("sample", "dataset", "a plugin is called sample already"),
        ("colour-histogram", "backbone", "a backbone is called colour-histogram already"),
        ("moco-v2", "pretraining", "a pretraining is called moco-v2 already"),
        ("accuracy", "metric", "a metric is called accuracy already, that of targets"),
        ("year", "target", "a target is called year already, that of targets"),
        ("x-shots-4", "protocol", "protocol x-shots-4 can't have -shots-4 in its name"),
        ("wikiart-style", "task", "a task is called wikiart-style already, that of wikiart"),
    ],
)
def test_a_name_that_is_bad_or_taken_is_refused_before_anything_is_written(
    name: str, kind: str, reason: str, tmp_path: Path
) -> None:
    assert reason in refused(name, "--kind", kind)
    assert not list(tmp_path.iterdir())


def test_a_model_of_a_family_is_taken_too(tmp_path: Path) -> None:
    assert "a backbone is called resnet18 already, that of timm" in refused("resnet18", "--kind", "backbone")
    # Things of another kind may have the same name.
    assert new("resnet18", "--kind", "task").exit_code == 0
    assert new("x-shots-4", "--kind", "metric").exit_code == 0


def test_what_is_installed_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    (site / "artbench_marks-2.0.dist-info").mkdir(parents=True)
    (site / "artbench_marks-2.0.dist-info" / "METADATA").write_text("Name: artbench-marks\nVersion: 2.0\n")
    (site / "artbench_lines.py").write_text("")
    monkeypatch.syspath_prepend(str(site))
    assert "artbench-marks 2.0 is installed here already" in refused("Marks", "--kind", "task")
    assert "a module is called artbench_lines already" in refused("lines", "--kind", "task")


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "artbench-marks").mkdir()
    (tmp_path / "artbench-marks" / "mine.txt").write_text("mine")
    assert "artbench-marks is not empty: it holds mine.txt" in refused("marks", "--kind", "task")
    assert new("marks", "--kind", "task", "--out", "elsewhere").exit_code == 0


def test_wrong_kinds_are_wrong_usage() -> None:
    for words in (["marks"], ["marks", "--kind", "probe"], []):
        assert getattr(new(*words).exception, "exit_code", None) == 2
