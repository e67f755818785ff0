"""Backbones that state layers and pools they don't have, or overflow in one: a line names them, and others are run."""

from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from artbench.evaluation.request import RunOutcome, RunRequest
from artbench.evaluation.workflow import run
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Silent
from tests.support.plugins import ODD, TOY

pytestmark = pytest.mark.integration


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "results"


def go(*backbones: str, results: Path) -> RunOutcome:
    request = RunRequest(
        backbones=backbones, pretrainings=["random"], tasks=["toy-colour"], results=results, device="cpu"
    )
    return run(request, registry=load_plugins([TOY, ODD], only=""), reporter=Silent())


def test_a_layer_that_overflows_costs_the_others_of_its_pass_nothing(results: Path) -> None:
    outcome = go("odd-overflow@layer=1..2", results=results)
    assert [result.record.backbone for result in outcome.results] == ["odd-overflow@layer=2"]
    assert list(outcome.failures) == ["odd-overflow, random"]
    assert "not finite" in outcome.failures["odd-overflow, random"]


def test_a_pool_that_there_is_not_is_the_fault_of_its_backbone_alone(results: Path) -> None:
    outcome = go("odd-pool", "toy-patches", results=results)
    assert [result.record.backbone for result in outcome.results] == ["toy-patches"]
    assert "its pool is 'median', not one of cls, avg" in outcome.failures["odd-pool, random"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("odd-name", "nowhere"),
        ("odd-norm", "nowhere"),
        ("odd-list", "they are a list, not Layers"),
        ("odd-failing", "RuntimeError: out of paint"),
    ],
)
def test_layers_that_there_are_not_are_told_in_a_line_that_names_the_backbone(
    results: Path, name: str, words: str
) -> None:
    with pytest.raises(ArtbenchError, match=f"^reading the layers of backbone {name} failed") as raised:
        go(f"{name}@layer=2", results=results)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_layer_that_gives_no_map_is_the_fault_of_its_backbone_alone(results: Path) -> None:
    outcome = go("odd-flat@layer=2", "toy-patches", results=results)
    assert [result.record.backbone for result in outcome.results] == ["toy-patches"]
    assert "reading the layers of backbone odd-flat failed" in outcome.failures["odd-flat@layer=2, random"]
