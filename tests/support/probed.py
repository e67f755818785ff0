"""Records of a probe that a plugin brings, on small tasks of several kinds."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from artbench.evaluation.request import RunOutcome, RunRequest
from artbench.evaluation.workflow import run
from artbench.plugins.loading import load_plugins
from artbench.plugins.protocols import protocol_to_run
from artbench.plugins.registry import Registry
from artbench.runtime.progress import Silent
from tests.support.plugins import JUDGED, PROBES, TOY


def plugins_with_probes() -> Registry:
    return load_plugins([TOY, JUDGED, PROBES], only="")


def probed(folder: Path, tasks: Sequence[str]) -> RunRequest:
    return RunRequest(
        backbones=["toy-patches"],
        pretrainings=["random"],
        tasks=tasks,
        results=folder / "results",
        protocol=protocol_to_run("means-v1"),
        device="cpu",
    )


def cache_of(request: RunRequest) -> Path:
    return request.results.parent / "cache"


def run_probed(request: RunRequest, registry: Registry) -> RunOutcome:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(cache_of(request)))
        return run(request, registry=registry, reporter=Silent())
