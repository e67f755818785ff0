"""An audit from names to what is kept of it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from artbench.audit.workflow import AuditEncoder, audit_datasets
from artbench.data.contents import Contents
from artbench.data.dataset import Dataset
from artbench.data.duplicates_cache import CachedDuplicates, read_duplicates
from artbench.data.folders import DatasetPaths
from artbench.errors import UsageError
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from tests.benchmark.audit.painted import blobs
from tests.support.plugins import TOY
from tests.support.reporters import RecordingReporter

# Two datasets of whatever lies in their folders; a task of the second can't be read.
PLUGIN = """
from artbench import hookimpl
from artbench.specs import DatasetSpec, TaskSpec

@hookimpl
def register_datasets(register):
    for name in ("one", "two"):
        register(DatasetSpec(name=name, description=name, factory=read, source="here", layout="*.png"))

@hookimpl
def register_tasks(register):
    register(TaskSpec(name="two-style", description="Style.", dataset="two", target="single-label",
                      primary_metric="accuracy", factory=style))

def read(root):
    from artbench.data.dataset import Dataset
    names = sorted(file.name for file in root.iterdir())
    return Dataset(name=root.name, root=root, ids=names, files=names)

def style(dataset):
    raise OSError("no list of styles")
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    for number, name in enumerate(("one", "two")):
        (tmp_path / name).mkdir()
        for row in range(4):
            blobs(10 * number + row).save(tmp_path / name / f"{row}.png")
    blobs(0).crop((1, 1, 95, 79)).save(tmp_path / "one" / "1.png")
    (tmp_path / "two" / "3.png").write_bytes((tmp_path / "one" / "3.png").read_bytes())
    (tmp_path / "plugin.py").write_text(PLUGIN)
    return load_plugins([TOY, tmp_path / "plugin.py"], only="")


def kept_for(dataset: Dataset, folder: Path, rows: Sequence[int] = range(4)) -> CachedDuplicates | None:
    """Read the audit of a dataset as a run does that needs some of its images."""
    contents = np.zeros((len(dataset), 2), np.uint64)
    chosen = np.array(rows)
    contents[chosen] = Contents(dataset, folder / "cache" / "features").digests(chosen, RecordingReporter())
    return read_duplicates(dataset, contents, folder / "cache" / "audits")


def test_only_twins_within_a_dataset_are_kept_for_its_records(registry: Registry, tmp_path: Path) -> None:
    placed = {name: tmp_path / name for name in ("one", "two")}
    reporter = RecordingReporter()
    result = audit_datasets(["one", "two"], registry=registry, paths=DatasetPaths(by_name=placed), reporter=reporter)
    assert [(pair.first, pair.second) for pair in result.pairs] == [((0, 0), (0, 1)), ((0, 3), (1, 3))]
    one, two = (kept_for(dataset, tmp_path) for dataset in result.datasets)
    assert one is not None
    assert two is not None
    assert one.twins == {"0.png": {"1.png"}, "1.png": {"0.png"}}
    assert (two.twins, two.tiers) == ({}, ("bytes", "hash"))
    (notice,) = reporter.notices
    assert "two-style" in notice
    assert "no list of styles" in notice


def test_an_audit_is_not_used_for_an_image_that_was_replaced_at_equal_size(registry: Registry, tmp_path: Path) -> None:
    placed = DatasetPaths(by_name={"one": tmp_path / "one"})
    (dataset,) = audit_datasets(["one"], registry=registry, paths=placed, reporter=RecordingReporter()).datasets
    file = tmp_path / "one" / "2.png"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert kept_for(dataset, tmp_path) is None
    assert kept_for(dataset, tmp_path, [0, 1]) is not None
    file.write_bytes(content)
    assert kept_for(dataset, tmp_path) is not None


def test_features_of_an_encoder_are_a_tier_of_their_own(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "one" / "2.png").write_bytes(b"no image")
    result = audit_datasets(
        ["one"],
        registry=registry,
        paths=DatasetPaths(by_name={"one": tmp_path / "one"}),
        encoding=AuditEncoder(backbone="toy-patches", pretraining="random", device="cpu"),
        reporter=RecordingReporter(),
    )
    assert (result.tiers, result.encoder) == (("bytes", "hash", "features"), "toy-patches, random")
    (pair,) = result.pairs
    assert (pair.first, pair.second, pair.tier) == ((0, 0), (0, 1), "hash")
    assert pair.cosine is not None
    kept = kept_for(result.datasets[0], tmp_path)
    assert kept is not None
    assert kept.tiers == result.tiers


def test_an_unknown_encoder_is_refused_before_an_image_is_read(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="toy-patch"):
        audit_datasets(
            ["one"],
            registry=registry,
            paths=DatasetPaths(by_name={"one": tmp_path / "one"}),
            encoding=AuditEncoder(backbone="toy-patch", pretraining="random"),
            reporter=RecordingReporter(),
        )
    assert not (tmp_path / "cache" / "surveys").exists()
