"""Code of a backbone that changes with its version gives no stale results, and other plugins are told of."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from artbench.evaluation.request import RunRequest, RunResult
from artbench.evaluation.workflow import run
from artbench.explain.reproduce import reproduce
from artbench.explain.sources import Sources, check_sources
from artbench.plugins.catalogue import Catalogue, Entry
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.records.record import encoder_name
from artbench.runtime.files import cache_folder
from artbench.runtime.progress import Silent
from artbench.specs import BackboneSpec, Factory, Family
from tests.support.plugins import TOY
from tests.support.plugins.small_plugin import build
from tests.support.reporters import RecordingReporter

pytestmark = pytest.mark.integration

DISTRIBUTION = "toy_plugin.py"


def brighter() -> object:
    import torch

    built = build()
    built.module.append(torch.nn.Softplus())
    return built


def registry_with(version: int, factory: Factory[..., object] = build, *, release: str = "") -> Registry:
    """The toy's registry, with the backbone `small-colour` of some version and release of the plugin."""
    toy = load_plugins([TOY], only="")
    spec = BackboneSpec(name="small-colour", description="Colour.", factory=factory, version=version)  # type: ignore[arg-type]
    entry: Entry[BackboneSpec] = Entry(spec, "toy_plugin", DISTRIBUTION)
    plugins = [replace(one, version=release) if one.distribution == DISTRIBUTION else one for one in toy.plugins]
    return replace(toy, plugins=tuple(plugins), backbones=Catalogue("backbone", [*toy.backbones.entries, entry]))


@pytest.fixture
def request_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunRequest:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    return RunRequest(
        backbones=["small-colour"], pretrainings=["random"], tasks=["toy-colour"], results=tmp_path / "results"
    )


def go(request: RunRequest, registry: Registry) -> tuple[RunResult, Sequence[str]]:
    reporter = RecordingReporter()
    outcome = run(request, registry=registry, reporter=reporter)
    assert not outcome.failures
    return outcome.results[0], reporter.notices


def test_another_version_is_measured_and_extracted_again(request_: RunRequest) -> None:
    first, _ = go(request_, registry_with(1))
    known, _ = go(request_, registry_with(1))
    upgraded, _ = go(request_, registry_with(2, brighter))
    assert (first.new, known.new, upgraded.new) == (True, False, True)
    assert upgraded.record.timing.images_per_s is not None
    # Its weights are the same, so that only the version tells the two apart.
    assert upgraded.record.encoder.weights_sha256 == first.record.encoder.weights_sha256
    assert upgraded.record.id != first.record.id
    assert [one.record.encoder.backbone_version for one in (first, upgraded)] == [1, 2]
    assert encoder_name(upgraded.record) == "small-colour (version 2), random"
    assert len(list((cache_folder() / "features").glob("toy-*/small-colour-*/manifest.json"))) == 2
    page = (request_.results / "leaderboards" / "toy-colour.md").read_text()
    assert "| small-colour | random |" in page
    assert "| small-colour (version 2) | random |" in page


def test_results_by_another_release_of_a_plugin_are_told_of(request_: RunRequest) -> None:
    _, quiet = go(request_, registry_with(1, release="0.1.0"))
    result, said = go(request_, registry_with(1, release="0.2.0"))
    line = f"1 of these results was made with {DISTRIBUTION} 0.1.0, and 0.2.0 is installed: --fresh measures again"
    assert not result.new
    assert line in said
    assert line not in quiet
    _, again = go(request_, registry_with(1, release="0.1.0"))
    assert not [notice for notice in again if "installed" in notice]


def test_what_another_version_made_is_not_reproduced(request_: RunRequest) -> None:
    result, _ = go(request_, registry_with(1))
    registry = registry_with(2, brighter)
    checked = check_sources(result.file, Sources(), registry=registry)
    with pytest.raises(ArtbenchError, match="made with version 1 of small-colour, and version 2 is installed"):
        reproduce(checked, registry=registry, reporter=Silent())


@pytest.mark.parametrize("version", [0, -1, "2", True, 1.5])
def test_a_version_is_a_whole_number(version: object) -> None:
    with pytest.raises(ValueError, match="the version of backbone net is"):
        BackboneSpec(name="net", description="A network.", factory=build, version=version)  # type: ignore[arg-type]


def test_families_may_state_versions() -> None:
    spec = BackboneSpec(name="net", description="A network.", factory=build, version=3)
    family: Family[BackboneSpec] = Family(name="nets", description="Nets.", resolve=lambda _: spec, names=list)
    entry: Entry[BackboneSpec] = Entry(family, "nets", "nets")
    assert Catalogue("backbone", [entry]).get("net@layer=2").version == 3
