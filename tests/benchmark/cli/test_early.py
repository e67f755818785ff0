"""Slips in names and paths are told before torch is imported, and without loading a model."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.plugins import TOY

pytestmark = pytest.mark.integration

SLOW = {"torch", "torchvision", "timm", "open_clip"}
CODE = """
import atexit, sys
atexit.register(lambda: print("IMPORTED", *sorted(sys.modules), file=sys.stderr))
from artbench.cli.main import main
main()
"""
# Each line of its arguments as a command of its own, and a line of JSON for each.
EACH = """
import contextlib, io, json, sys
from artbench.cli.main import main

for line in sys.argv[1:]:
    said, status = io.StringIO(), None
    sys.argv = ["artbench", *line.split()]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main()
        except SystemExit as ended:
            status = ended.code
    print(json.dumps([status, said.getvalue(), sorted({name.partition(".")[0] for name in sys.modules})]))
"""
# What is wrong about the line, and what is said.
SLIPS = [
    ("run --backbone resnt18 --task sample-style", "The nearest: resnet18"),
    ("run --backbone open_clip:ViT-B-31 --task sample-style", "The nearest: open_clip:ViT-B-32"),
    ("run --backbone timm:resnt18 --task sample-style", "no backbone is called"),
    ("run --backbone resnet18@pool= --task sample-style", "'pool=' is not a choice of a variant"),
    ("run --backbone resnet18@layer=0 --task sample-style", "layer=0 is not a number from 1"),
    ("features export --backbone resnet18@layer=2,layer=3 --task sample-style --out out", "chooses layer twice"),
    ("run --backbone resnet18 --pretraining imagnet --task sample-style", "The nearest: imagenet"),
    ("run --backbone resnet18 --pretraining nope.pth --task sample-style", "no checkpoint at nope.pth"),
    ("run --backbone resnet18 --task sample-style --protocol linear-v1 --protocol linear-v2", "under one protocol"),
    ("run --backbone resnet18 --task sample-stile", "The nearest: sample-style"),
    ("run --backbone resnet18 --task wikiart-style", "nothing says where its images are"),
    ("run --backbone resnet18 --task wikiart-style --data wikiart=nowhere", "no folder at nowhere"),
    ("run --backbone resnet18 --task wikiart-style --data-root .", "no folder at wikiart"),
    ("features export --backbone resnt18 --task sample-style --out out", "The nearest: resnet18"),
    ("features export --backbone resnet18 --task sample-style --dataset sample --out out", "either --dataset or"),
    ("features export --backbone resnet18 --out out", "either --dataset or --task"),
    ("pretrain moco-v9 --backbone resnet18 --dataset sample --out out", "no pretraining is called 'moco-v9'"),
    ("pretrain moco-v2 --backbone resnt18 --dataset sample --out out", "The nearest: resnet18"),
    ("data check wikiart --data wikiart=nowhere", "no folder at nowhere"),
    ("data audit sample --backbone resnt18", "The nearest: resnet18"),
    ("explain filters --backbone resnt18 --out figure.png", "The nearest: resnet18"),
    ("new plugin resnet18 --kind backbone", "a backbone is called resnet18 already, that of timm (artbench)"),
    ("verify results", "Did you mean leaderboard verify?"),
    ("list backbone", "artbench: 'backbone' is not one of 'backbones'"),
]


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that holds the names of libraries once a name was misspelt."""
    folder = tmp_path_factory.mktemp("listed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(folder))
        assert artbench("run --backbone resnt18 --task sample-style")[2] >= SLOW
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, listed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    shutil.copytree(listed, folder)
    monkeypatch.setenv("ARTBENCH_CACHE", str(folder))
    monkeypatch.delenv("ARTBENCH_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return folder


def artbench(line: str) -> tuple[int, str, set[str]]:
    """Exit status, what was said, and the packages that were imported."""
    done = subprocess.run([sys.executable, "-c", CODE, *line.split()], capture_output=True, text=True, env=os.environ)
    said, _, modules = done.stderr.rpartition("IMPORTED ")
    return done.returncode, said + done.stdout, {module.partition(".")[0] for module in modules.split()}


@pytest.fixture(scope="module")
def told(listed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, set[str]]]:
    """All slips in one process: exit status, what was said, and the packages that were imported until then."""
    folder = tmp_path_factory.mktemp("slips")
    shutil.copytree(listed, folder / "cache")
    environment = {name: value for name, value in os.environ.items() if name != "ARTBENCH_DATA"}
    environment["ARTBENCH_CACHE"] = str(folder / "cache")
    lines = [line for line, _ in SLIPS]
    command = [sys.executable, "-c", EACH, *lines]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    return {line: (status, said, set(imported)) for line, (status, said, imported) in zip(lines, found, strict=True)}


@pytest.mark.parametrize(("line", "says"), SLIPS)
def test_a_slip_is_told_with_status_two_before_torch_is_imported(
    told: dict[str, tuple[int, str, set[str]]], line: str, says: str
) -> None:
    status, said, imported = told[line]
    assert (status, says in said) == (2, True), said
    assert "artbench" in imported
    assert not imported & SLOW


def test_a_search_that_finds_nothing_imports_nothing_and_is_no_error() -> None:
    status, said, imported = artbench("list backbones zzz*")
    assert (status, said.strip()) == (0, "nothing matches 'zzz*'")
    assert not imported & SLOW


def test_a_matrix_is_planned_without_the_libraries_of_its_backbones() -> None:
    names = ("open_clip:ViT-B-32.openai", "resnet18@layer=2", "vit_tiny_patch16_224@heads=4", "torchvision_alexnet")
    line = f"matrix plan --plugin {TOY} --pretraining random --task toy-colour " + " ".join(
        f"--backbone {name}" for name in names
    )
    status, said, imported = artbench(line)
    assert (status, "4 units: 4 to do." in said) == (0, True), said
    assert not imported & SLOW


def test_a_backbone_without_parameters_is_refused_before_any_data_is_made(
    cache: Path, command_line: CommandLine
) -> None:
    done = command_line("run", "--backbone", "colour-histogram", "--task", "sample-style")
    assert done.returncode == 2
    assert "Give --pretraining none." in done.stderr
    assert not (cache / "datasets").exists()
    assert not Path("results").exists()


def test_random_weights_of_what_has_none_are_refused_with_the_name_of_the_other(command_line: CommandLine) -> None:
    # Else one measurement would be on record under two names.
    words = ("--backbone", "colour-histogram", "--pretraining", "random", "--task", "sample-style")
    for command in (("run",), ("matrix", "plan")):
        done = command_line(*command, *words)
        assert done.returncode == 2
        assert "colour-histogram has nothing to learn, and no weights. Give --pretraining none." in (
            " ".join(done.stderr.split())
        )
