"""A run of one task on the toy dataset, with a cache of its own."""

from pathlib import Path

import pytest

from artbench.evaluation.request import RunRequest
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from tests.support.plugins import TOY


@pytest.fixture(scope="package")
def registry() -> Registry:
    return load_plugins([TOY], only="")


@pytest.fixture
def request_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunRequest:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    return RunRequest(
        backbones=["toy-patches"], pretrainings=["random"], tasks=["toy-colour"], results=tmp_path / "results"
    )
