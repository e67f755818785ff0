"""A package of each kind as a stranger has it: written, installed into a new environment, tested, listed, run."""

import csv
import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artbench.plugins.scaffold.naming import names_of
from artbench.plugins.scaffold.writing import KINDS, write_plugin
from artbench_sample.paint import COLUMNS
from tests.support.command_line import CommandLine
from tests.support.nested_pytest import PYTEST

# Several processes, one after the other.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

Call = Callable[..., "subprocess.CompletedProcess[str]"]
NAMES = {kind: f"first-{kind}" for kind in KINDS}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages, as `artbench-first-KIND`."""
    folder = tmp_path_factory.mktemp("workshop")
    for kind, name in NAMES.items():
        names = names_of(name)
        write_plugin(names, kind, folder / names.distribution)
    return folder


@pytest.fixture(scope="module")
def python(workshop: Path) -> Path:
    """The interpreter of a new environment with the packages; all else, artbench too, is lent by this one."""
    folder = workshop / "environment"
    venv.create(folder, symlinks=os.name != "nt")
    binary = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    find = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([binary, "-c", find], capture_output=True, text=True, check=True).stdout.strip()
    (Path(site) / "lent.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    install = [sys.executable, "-m", "pip", "--python", str(binary), "install", "--quiet", "--no-deps", "--no-index"]
    packages = [str(workshop / names_of(name).distribution) for name in NAMES.values()]
    subprocess.run([*install, "--no-build-isolation", "--disable-pip-version-check", *packages], check=True)
    return binary


@pytest.fixture
def call(python: Path, workshop: Path, tmp_path: Path) -> Call:
    """Runs `python -m` in the environment, with a cache of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ARTBENCH_", "PYTEST_"))}
    environment = {**kept, "ARTBENCH_CACHE": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*words: str, folder: Path = tmp_path) -> "subprocess.CompletedProcess[str]":
        command = [str(python), "-m", *words]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    return run


def test_their_own_tests_pass(call: Call, workshop: Path) -> None:
    packages = [workshop / names_of(name).distribution for name in NAMES.values()]
    tests = [str(package / "tests") for package in packages]
    done = call(*PYTEST, "-c", str(packages[0] / "pyproject.toml"), *tests)
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_their_types_are_right(workshop: Path, request: pytest.FixtureRequest) -> None:
    packages = [workshop / names_of(name).distribution for name in NAMES.values()]
    files = [str(package / part) for package in packages for part in ("src", "tests")]
    # With the settings of one, which are those of all, at once: torch is read only once.
    command = [sys.executable, "-m", "mypy", "--config-file", str(packages[0] / "pyproject.toml"), *files]
    # What mypy found in torch and artbench it finds again next time. The packages, in a new place, are read anew.
    # Without the plugin `cacheprovider` pytest has no cache to keep it in.
    kept: pytest.Cache | None = getattr(request.config, "cache", None)
    cache = workshop / "types" if kept is None else kept.mkdir("types-of-packages")
    environment = {**os.environ, "MYPYPATH": os.pathsep.join(files), "MYPY_CACHE_DIR": str(cache)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=workshop, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    settings = [
        package.joinpath("pyproject.toml").read_text("utf-8").partition("[tool.mypy]")[2] for package in packages
    ]
    assert len(set(settings)) == 1
    assert "strict = true" in settings[0]


def test_they_are_listed(call: Call) -> None:
    plugins = {row["name"]: row for row in json.loads(call("artbench", "plugins", "--json").stdout)}
    for kind, name in NAMES.items():
        assert plugins[name]["problem"] is None
        assert plugins[name]["remarks"] == []
        assert plugins[name]["registers"][kind] == [name]
    listed = {(row["kind"], row["name"]) for row in json.loads(call("artbench", "list", "--json").stdout)}
    assert {*NAMES.items(), ("task", "first-dataset-technique")} <= listed


@pytest.mark.usefixtures("python")
def test_they_are_run(
    command_line: CommandLine, workshop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # From where they are installed. That artbench finds them in their own environment, the tests above show.
    (site,) = (workshop / "environment").rglob("site-packages")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    painter = workshop / "artbench-first-dataset" / "tests"
    subprocess.run(
        [sys.executable, "few_images.py", str(tmp_path / "few")], cwd=painter, check=True, env=_with(painter)
    )
    few = ["--data", f"first-dataset={tmp_path / 'few'}", "--device", "cpu"]
    small = ["steps=4", "batch_size=14", "sub_batch=14", "crop_size=32", "dim=32", "hidden=8"]
    words = ["--backbone", "first-backbone", "--dataset", "first-dataset", "--out", "trained", *few]
    done = command_line("pretrain", "first-pretraining", *words, *(word for pair in small for word in ("--set", pair)))
    assert done.returncode == 0, done.stderr
    words = ["--backbone", "first-backbone", "--pretraining", "random", "--pretraining", "trained", *few, "--json"]
    names = ["first-dataset-technique", "first-task", "first-metric-style", "first-target-materials"]
    tasks = [word for name in names for word in ("--task", name)]
    done = command_line("run", *words, *tasks, "--data", f"sample={_sample(workshop, tmp_path)}")
    assert done.returncode == 0, done.stderr
    records = json.loads(done.stdout)
    found = {(record["task"], record["pretraining"]): record for record in records}
    assert len(found) == 8
    technique = found["first-dataset-technique", "random"]
    assert (technique["dataset"]["train"], technique["dataset"]["test"], technique["encoder"]["feature_dim"]) == (
        28,
        12,
        512,
    )
    assert technique["metrics"]["balanced_accuracy"]["value"] == 1
    assert found["first-dataset-technique", "trained"]["encoder"]["training"]["method"] == "first-pretraining"
    shows = found["first-task", "random"]
    assert (shows["dataset"]["train"], shows["dataset"]["test"], shows["dataset"]["classes"]) == (176, 60, 4)
    assert shows["metrics"]["accuracy"]["value"] == 1
    kappa = found["first-metric-style", "random"]
    assert kappa["metrics"].keys() > {"accuracy", "first-metric"}
    assert (kappa["primary_metric"], kappa["metrics"]["first-metric"]["value"]) == ("first-metric", 1)
    steps = found["first-target-materials", "random"]
    assert {name: metric["value"] for name, metric in steps["metrics"].items()} == {"first-target-error": 0}
    words = ["--backbone", "first-backbone", "--pretraining", "random", *few, "--protocol", "first-protocol", "--json"]
    done = command_line("run", *words, "--task", "first-dataset-technique")
    assert done.returncode == 0, done.stderr
    (record,) = json.loads(done.stdout)
    assert (record["protocol"], record["own_probe"]["summary"].keys()) == ("first-protocol", {"temperature"})
    assert record["metrics"]["balanced_accuracy"]["value"] > 0.9


def _with(tests: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(tests.parent / "src")}


def _sample(workshop: Path, folder: Path) -> Path:
    """In the place of `sample`, which takes long to paint: the labelled images, each in the tone of its label.

    Style and number of materials are those of the label, too.
    """
    root = folder / "sample"
    root.mkdir()
    with (workshop / "artbench-first-task/src/artbench_first_task/labels.csv").open(newline="") as file:
        labels = list(csv.DictReader(file))
    numbers = {label: number for number, label in enumerate(sorted({row["label"] for row in labels}))}
    with (root / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, restval="0")
        table.writeheader()
        for row in labels:
            number, file_name = numbers[row["label"]], f"{row['id']}.png"
            Image.fromarray(np.full((16, 16, 3), 40 + 60 * number, np.uint8)).save(root / file_name)
            same = {"style": row["label"], "materials": "|".join("abcd"[: number + 1])}
            table.writerow({"id": row["id"], "file": file_name, "split": row["split"], **same})
    return root


def test_the_task_has_labels_for_the_real_sample() -> None:
    from artbench_sample.catalogue import draw_up
    from artbench_sample.paint import SEED

    known: dict[str, Any] = {f"{work.index:04d}": work for work in draw_up(SEED)}
    folder = Path(__file__).parents[4] / "benchmark/artbench/plugins/scaffold/templates/task/src/MODULE"
    rows = list(csv.DictReader((folder / "labels.csv.jinja").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 236
    subjects = {"portrait": {"head"}, "still life": {"bottles", "fruit"}, "town": {"houses"}}
    for row in rows:
        work = known[row["id"]]
        assert work.subject in subjects.get(row["label"], {"hills", "mountain", "sea", "trees"})
        assert work.duplicate_of == 0
