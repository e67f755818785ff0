"""Records of every kind under both protocols, measured once for all tests of the check."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from artbench.evaluation.request import RunRequest
from artbench.evaluation.workflow import run
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.protocol import LINEAR_V1, LINEAR_V2, Protocol
from artbench.runtime.progress import Silent
from tests.support.mutants import Submission
from tests.support.plugins import JUDGED, TOY
from tests.support.submissions import submitted

TASKS = ("toy-colour", "toy-traits", "toy-year", "toy-clustered", "toy-splits")


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_plugins([TOY, JUDGED], only="")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def cached(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(cache))


@pytest.fixture(scope="session")
def results(registry: Registry, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return measure(tmp_path_factory.mktemp("older") / "results", registry, cache, LINEAR_V1, shots={"toy-colour": [1]})


@pytest.fixture(scope="session")
def newer(registry: Registry, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same under `linear-v2`, whose intervals need no resamples, and a few shots of unseen painters."""
    shots = {"toy-colour": [1], "toy-clustered": [2]}
    return measure(tmp_path_factory.mktemp("newer") / "results", registry, cache, LINEAR_V2, shots=shots)


@pytest.fixture(params=[LINEAR_V1, LINEAR_V2], ids=lambda protocol: str(protocol.name))
def protocol(request: pytest.FixtureRequest) -> Protocol:
    asked: Protocol = request.param
    return asked


@pytest.fixture
def measured(protocol: Protocol, request: pytest.FixtureRequest) -> Path:
    """The results under the protocol."""
    return Path(request.getfixturevalue("results" if protocol == LINEAR_V1 else "newer"))


@pytest.fixture
def colour(measured: Path, protocol: Protocol, tmp_path: Path) -> Submission:
    return submitted(measured, "toy-colour", protocol.name, tmp_path)


def measure(
    folder: Path, registry: Registry, cache: Path, protocol: Protocol, *, shots: Mapping[str, Sequence[int]]
) -> Path:
    asked = RunRequest(
        backbones=["toy-patches"],
        pretrainings=["random"],
        tasks=TASKS,
        results=folder,
        device="cpu",
        protocol=protocol,
    )
    few = [replace(asked, tasks=[task], shots=numbers) for task, numbers in shots.items()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(cache))
        for request in (asked, *few):
            assert run(request, registry=registry, reporter=Silent()).failures == {}
    return folder
