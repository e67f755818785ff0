"""Kinds of target and metrics are what plugins register; the core knows none by name."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import artbench
from artbench.errors import ArtbenchError
from artbench.plugins.known import check_metrics, form_of, known_metrics
from artbench.plugins.loading import load_plugins
from artbench.specs import TaskSpec
from artbench.stats.metrics import METRICS, metrics_of
from tests.support.plugins import MEASURED, TOY

_CORE = Path(artbench.__file__).parent
# The task of the kit's own tiny dataset, which is registered as anyone's would be.
NAMED = {"testing/tiny.py": 1}


def _docstrings(tree: ast.Module) -> set[int]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.add(id(node.value))
    return found


def test_the_core_names_no_kind_of_target() -> None:
    kinds = {spec.name for _, spec in load_plugins(only="").targets.specs()}
    assert kinds >= {"single-label", "multi-label", "year", "retrieval"}
    found = {}
    for file in sorted(_CORE.rglob("*.py")):
        if "templates" in file.parts:
            continue
        tree = ast.parse(file.read_text())
        texts = _docstrings(tree)
        named = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and id(node) not in texts and node.value in kinds
        ]
        if named:
            found[file.relative_to(_CORE).as_posix()] = len(named)
    assert found == NAMED


def test_metrics_and_kinds_are_there_without_a_registry_at_hand() -> None:
    script = (
        "from artbench.stats.metrics import METRICS; print(METRICS['accuracy'].target, METRICS['retrieval_map'].target)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["single-label", "retrieval"]


def test_the_metrics_of_a_kind_do_not_grow_with_plugins() -> None:
    before = [metric.name for metric in metrics_of("single-label")]
    load_plugins([TOY, MEASURED], only="")
    assert "log_odds" in METRICS
    assert [metric.name for metric in metrics_of("single-label")] == before
    assert [metric.name for metric in metrics_of("single-label", ["log_odds"])] == [*before, "log_odds"]
    assert form_of("brightness") == "number"
    # What a record of this process is called stays known.
    load_plugins(only="")
    assert "log_odds" in known_metrics()


def test_what_nobody_registers_is_told_with_what_there_is() -> None:
    with pytest.raises(ArtbenchError, match=r"no kind of target 'shape'.*single-label"):
        form_of("shape")
    task = TaskSpec(
        name="t", description="T.", dataset="d", target="year", primary_metric="mean_absolute_eror", factory="a:b"
    )
    with pytest.raises(ArtbenchError, match=r"'mean_absolute_eror'.*Did you mean 'mean_absolute_error'"):
        check_metrics(task)
