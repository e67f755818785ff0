"""The distributions under docs/examples, installed as a stranger installs them, and used from the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artbench.cli.doctor.examination import Environment
from artbench.cli.doctor.installation import plugins
from artbench.plugins.loading import load_plugins
from tests.support.command_line import CommandLine
from tests.support.nested_pytest import PYTEST

pytestmark = pytest.mark.integration

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SOUND = ("artbench-hog", "artbench-ordinal", "artbench-sketchbook")
BROKEN = ("import-error", "wrong-type", "raising-hook", "other-contract")
AWKWARD = ("duplicate-name", "slow-import", "printing")

Artbench = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds all of them, apart from artbench."""
    target = tmp_path_factory.mktemp("site")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    sources = [str(EXAMPLES / name) for name in (*SOUND, "broken")]
    subprocess.run([*install, "--disable-pip-version-check", "--target", str(target), *sources], check=True)
    return target


@pytest.fixture
def environment(site: Path, tmp_path: Path) -> dict[str, str]:
    paths = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ARTBENCH_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "ARTBENCH_CACHE": str(tmp_path / "cache"), "COLUMNS": "200"}


@pytest.fixture
def artbench(environment: dict[str, str], tmp_path: Path) -> Artbench:
    def call(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "artbench", *words]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)

    return call


@pytest.fixture
def sketchbook(tmp_path: Path) -> Path:
    """Pages hatched down in chalk, and across in ink: their colours are alike."""
    folder, rng = tmp_path / "sketchbook", np.random.default_rng(0)
    folder.mkdir()
    lines = ["page,artist,medium,split"]
    for number in range(36):
        grey = rng.integers(0, 60, (32, 32)) + 180 * (np.arange(32) // 2 % 2)
        medium = ("chalk", "ink")[number % 2]
        Image.fromarray((grey if medium == "chalk" else grey.T).astype(np.uint8)).save(folder / f"{number}.png")
        split = "test" if number >= 26 else "train"
        lines.append(f"{number}.png,artist {number % 5},{medium},{split}")
    (folder / "pages.csv").write_text("\n".join(lines) + "\n")
    return folder


def rows(done: "subprocess.CompletedProcess[str]") -> dict[str, dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return {row["name"]: row for row in json.loads(done.stdout)}


def test_every_plugin_is_named_with_what_became_of_it_and_json_stays_json(artbench: Artbench) -> None:
    done = artbench("plugins", "--json")
    found = rows(done)
    assert "printing: by the number of stdout" in done.stderr
    assert found["hog"]["distribution"] == "artbench-hog"
    assert (found["hog"]["version"], found["hog"]["registers"]) == ("1.0.0", {"backbone": ["hog"]})
    assert found["sketchbook"]["registers"] == {"dataset": ["sketchbook"], "task": ["sketchbook-medium"]}
    reasons = ("a_library_that_is_not_there", "registers a dict as a backbone", "on purpose", "contract 0 of plugins")
    for name, reason in zip(BROKEN, reasons, strict=True):
        assert reason in found[name]["problem"]
        assert not found[name]["registers"]
    remarks = ("shares the name with that of histogram", "s to load", "prints while")
    for name, remark in zip(AWKWARD, remarks, strict=True):
        assert found[name]["problem"] is None
        assert any(remark in said for said in found[name]["remarks"])
    sound = [row for row in found.values() if row["distribution"] != "artbench-broken"]
    assert all(row["problem"] is None for row in sound)


def test_people_are_told_too(artbench: Artbench) -> None:
    shown = artbench("plugins")
    assert shown.returncode == 0
    for name in (*BROKEN, *AWKWARD):
        assert name in shown.stdout
    assert shown.stdout.count("left out") == len(BROKEN)


def test_doctor_fails_with_both_contracts_and_warns_of_the_awkward(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(site))
    found = {finding.name: finding for finding in plugins(Environment(registry=load_plugins()))}
    assert all(found[name].status == "FAIL" for name in BROKEN)
    assert all(found[name].status == "WARN" for name in AWKWARD)
    other = found["other-contract"]
    assert "made for contract 0 of plugins, and artbench" in other.message
    assert "has contract 1. Install a release of artbench-broken" in other.message


def test_what_works_is_listed_and_what_does_not_is_absent_whole(artbench: Artbench) -> None:
    found = rows(artbench("list", "--json"))
    assert {"hog", "sketchbook", "sketchbook-medium", "broken-slow", "broken-printing"} <= set(found)
    assert not {"broken-half", "broken-wrong-type"} & set(found)


def test_the_backbone_and_the_task_are_run_although_others_are_broken(
    site: Path,
    sketchbook: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    words = ["run", "--backbone", "hog", "--backbone", "artbench:colour-histogram", "--pretraining", "none", "--json"]
    words += ["--task", "sketchbook-medium", "--data", f"sketchbook={sketchbook}", "--device", "cpu"]
    done = CommandLine(monkeypatch, capfd)(*words)
    assert done.returncode == 0, done.stderr
    hog, colours = json.loads(done.stdout)
    assert (hog["dataset"]["train"], hog["dataset"]["test"], hog["encoder"]["feature_dim"]) == (26, 10, 1764)
    assert hog["metrics"]["balanced_accuracy"]["value"] == 1
    assert colours["metrics"]["balanced_accuracy"]["value"] < 1
    assert hog["provenance"]["plugins"]["artbench-hog"] == "1.0.0"


def test_a_kind_of_task_a_metric_and_a_probe_of_one_package_are_measured_and_checked(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = [line for file in (EXAMPLES / "artbench-ordinal").rglob("*.py") for line in file.read_text().splitlines()]
    assert sum(map(bool, map(str.strip, lines))) < 200
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ARTBENCH_PLUGINS", "artbench-ordinal")
    monkeypatch.chdir(tmp_path)
    call = CommandLine(monkeypatch, capfd)
    checked = call("plugins", "check", "artbench-ordinal")
    assert checked.returncode == 0, checked.stdout
    for protocol in ("linear-v2", "ordinal-mlp-v1"):
        words = ["run", "--backbone", "colour-histogram", "--pretraining", "none", "--task", "prints-preservation"]
        done = call(*words, "--protocol", protocol, "--device", "cpu", "--json")
        assert done.returncode == 0, done.stderr
        (record,) = json.loads(done.stdout)
        assert record["metrics"]["quadratic_kappa"]["value"] > 0.8
        assert record["provenance"]["plugins"]["artbench-ordinal"] == "1.0.0"
    assert [round_["own_probe"]["seed"] for round_ in record["rounds"]] == [0, 1, 2]
    page = (tmp_path / "results" / "leaderboards" / "prints-preservation.md").read_text()
    assert "Protocol linear-v2" in page
    assert "Protocol ordinal-mlp-v1" in page
    assert "commonest grade" in page
    checked = call("leaderboard", "check", "results")
    assert "no faults" in checked.stdout, checked.stdout
    verified = call("leaderboard", "verify", "results")
    assert "2 verified, 0 refuted" in verified.stdout, verified.stdout


def test_their_own_tests_pass(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", *PYTEST, "--rootdir", str(EXAMPLES)]
    command += ["-c", os.devnull, *(str(EXAMPLES / name / "tests") for name in SOUND)]
    without_others = {"PYTHONDONTWRITEBYTECODE": "1", "ARTBENCH_PLUGINS": ",".join(SOUND)}
    done = subprocess.run(command, capture_output=True, text=True, env={**environment, **without_others})
    assert done.returncode == 0, done.stdout
