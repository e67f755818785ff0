"""What is measured of each kind of task, as users run it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import precision_recall_fscore_support

from artbench.errors import UsageError
from artbench.evaluation.request import RunRequest, RunResult
from artbench.evaluation.workflow import run
from artbench.leaderboard.ranking import rank
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record
from artbench.runtime.files import sha256_of
from artbench.runtime.progress import Silent
from tests.support.estimates import ends
from tests.support.plugins import JUDGED, TOY
from tests.support.reporters import RecordingReporter

PLUGINS = [TOY, JUDGED]
PAIRS = ("toy-colour", "toy-traits", "toy-year")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins(PLUGINS, only="")


@dataclass(frozen=True)
class Judged:
    """All tasks, run once."""

    request: RunRequest
    results: dict[str, RunResult]

    def record(self, task: str) -> Record:
        return self.results[task].record

    def table(self, task: str, kind: str = "") -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self.results[task].file.with_suffix(f"{kind}.parquet")).to_pylist()
        return rows

    def page(self, task: str) -> str:
        return (self.request.results / "leaderboards" / f"{task}.md").read_text()


@pytest.fixture(scope="module")
def judged(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder = tmp_path_factory.mktemp("judged")
    tasks = [*PAIRS, *(f"{task}-permuted" for task in PAIRS), "toy-by-painter", "toy-clustered", "toy-splits"]
    request = RunRequest(
        backbones=["toy-patches"], pretrainings=["random"], tasks=tasks, results=folder / "results", device="cpu"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(folder / "cache"))
        outcome = run(request, registry=registry, reporter=Silent())
    assert outcome.failures == {}
    return Judged(request, {result.record.task: result for result in outcome.results})


@pytest.mark.integration
@pytest.mark.parametrize("task", PAIRS)
def test_the_labels_of_the_test_decide_nothing(judged: Judged, task: str) -> None:
    first, second = judged.record(task), judged.record(f"{task}-permuted")
    assert second.probe == first.probe
    assert set(first.probes[0].grid_losses) != {None}
    one, other = judged.table(task), judged.table(f"{task}-permuted")
    for column in one[0].keys() - {"target"}:
        assert [row[column] for row in other] == [row[column] for row in one], column
    assert [row["target"] for row in other] != [row["target"] for row in one]
    assert second.metrics != first.metrics


@pytest.mark.integration
def test_years_are_scored_in_years(judged: Judged) -> None:
    record = judged.record("toy-year")
    assert record.protocol == "ridge-v2"
    assert record.probes[0].name == "ridge"
    assert record.primary.unit == "years"
    assert record.as_json()["metrics"]["mean_absolute_error"]["unit"] == "years"
    assert "unit" not in record.as_json()["metrics"]["within_50_years"]
    errors = [abs(row["target"] - row["prediction"]) for row in judged.table("toy-year")]
    assert record.primary.value == pytest.approx(np.mean(errors), abs=1e-3)
    assert record.metrics["within_50_years"].value == np.mean([error <= 50 for error in errors])
    assert ends(record.primary)[0] < record.primary.value < ends(record.primary)[1]
    assert 0 < record.primary.value < 60 < judged.record("toy-year-permuted").primary.value
    assert record.votes["mean_absolute_error"].value < 100
    assert record.tables.keys() == {"probe"}
    assert "**MAE** years" in judged.page("toy-year")
    assert "classes" not in judged.page("toy-year")


def test_guesses_without_pixels_stand_beside_the_ranked_rows(judged: Judged) -> None:
    largest, painter = judged.record("toy-by-painter").references
    assert (largest.name, painter.name) == ("largest class", "painter's commonest class")
    assert largest.metrics["accuracy"].value == pytest.approx(1 / 3)
    # A tenth of the images have another colour than the others of their painter, and two have no known painter.
    assert 0.8 <= painter.metrics["accuracy"].value < 1
    assert ends(painter.metrics["accuracy"])[0] < ends(painter.metrics["accuracy"])[1]
    lines = judged.page("toy-by-painter").splitlines()
    ranked, apart = (next(k for k, line in enumerate(lines) if line.startswith(head)) for head in ("| 1 |", "| larg"))
    assert apart > ranked + 1
    assert lines[apart].startswith("| largest class | **33.3**")
    assert [row.name for row in judged.record("toy-colour").references] == ["largest class"]
    assert [row.name for row in judged.record("toy-traits").references] == ["label frequencies"]
    years = {row.name: row.metrics["mean_absolute_error"].value for row in judged.record("toy-year").references}
    assert years["painter's median year"] < 30 < years["median year"] < 100


def test_intervals_resample_painters_where_the_task_asks(judged: Judged) -> None:
    alone, together = judged.record("toy-by-painter"), judged.record("toy-clustered")
    assert alone.clusters is None
    # Six painters, and two images without a known painter, whose painters may differ.
    assert together.clusters == 8
    assert together.primary.value == alone.primary.value
    assert together.primary.ci95 != alone.primary.ci95
    assert "8 painters" in judged.page("toy-clustered")


def test_the_predictions_bear_out_every_record(judged: Judged) -> None:
    folder = ResultsFolder(judged.request.results)
    for task, result in judged.results.items():
        assert rank([result.record], folder.predictions_of).untested == {}, task
    assert len({row["cluster"] for row in judged.table("toy-clustered")}) == 8
    assert "cluster" not in judged.table("toy-by-painter")[0]


def test_several_splits_are_one_record_with_their_mean(judged: Judged) -> None:
    record = judged.record("toy-splits")
    assert [(round_.train, round_.test) for round_ in record.rounds] == [(48, 42), (42, 48)]
    values = [round_.metrics["balanced_accuracy"] for round_ in record.rounds]
    assert record.primary.value == pytest.approx(np.mean(values))
    assert record.votes["accuracy"].value == pytest.approx(
        np.mean([round_.neighbours["accuracy"] for round_ in record.rounds])
    )
    rows = judged.table("toy-splits")
    assert np.bincount([row["round"] for row in rows]).tolist() == [42, 48]
    hits = [[r["target"] == r["prediction"] for r in rows if r["round"] == number] for number in (0, 1)]
    assert [np.mean(part) for part in hits] == pytest.approx([r.metrics["accuracy"] for r in record.rounds])
    assert "Means over 2 splits" in judged.page("toy-splits")


def test_every_class_and_every_confusion_is_kept_beside_the_record(judged: Judged) -> None:
    record, rows = judged.record("toy-colour"), judged.table("toy-colour")
    classes, confusion = judged.table("toy-colour", ".classes"), judged.table("toy-colour", ".confusion")
    expected = precision_recall_fscore_support(
        [row["target"] for row in rows], [row["prediction"] for row in rows], labels=range(3), zero_division=0
    )
    for name, column in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        assert [row[name] for row in classes] == pytest.approx(list(column)), name
    assert [row["class"] for row in classes] == ["red", "green", "blue"]
    right = sum(row["count"] for row in confusion if row["target"] == row["prediction"])
    assert right / record.dataset.test == pytest.approx(record.metrics["accuracy"].value)
    file = judged.results["toy-colour"].file
    assert {name: (state.sha256, state.rows) for name, state in record.tables.items()} == {
        "classes": (sha256_of(file.with_suffix(".classes.parquet")), 3),
        "confusion": (sha256_of(file.with_suffix(".confusion.parquet")), len(confusion)),
        "probe": (sha256_of(file.with_suffix(".probe.parquet")), 3),
    }
    labels = judged.table("toy-traits", ".classes")
    assert np.mean([row["average_precision"] for row in labels]) == pytest.approx(
        judged.record("toy-traits").metrics["mean_average_precision"].value
    )
    assert judged.record("toy-traits").tables.keys() == {"classes", "probe"}


@pytest.mark.integration
def test_few_shots_are_protocols_of_their_own(
    judged: Judged, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(judged.request.results.parent / "cache"))
    few = replace(judged.request, tasks=["toy-colour"], shots=(4, 1, 25), results=tmp_path)
    reporter = RecordingReporter()
    results = run(few, registry=registry, reporter=reporter).results
    records = [result.record for result in results]
    assert [record.protocol for record in records] == [f"linear-v2-shots-{shots}" for shots in (1, 4, 25)]
    assert len({record.board for record in records}) == 3
    assert [record.dataset.train for record in records] == [3, 12, 60]
    for record in records:
        assert record.few_shot is not None
        assert len(record.rounds) == record.few_shot.draws == 10
        assert record.primary.value == pytest.approx(np.mean([r.metrics["accuracy"] for r in record.rounds]))
        assert ends(record.primary)[0] <= record.primary.value <= ends(record.primary)[1]
    # Every class has 20 images, so with 25 shots every draw is the whole of train.
    assert [record.few_shot.scarce for record in records if record.few_shot] == [0, 0, 3]
    said = (
        "toy-colour, shots 25, toy-patches, random: 3 of 3 classes have fewer than 25 images and give all they have. "
    )
    assert sum(notice.startswith(said) for notice in reporter.notices) == 1
    assert {r.metrics["accuracy"] for r in records[2].rounds} == {judged.record("toy-colour").primary.value}
    assert len({r.metrics["accuracy"] for r in records[0].rounds}) > 1
    assert records[0].probes[0].validation == {}
    again = run(few, registry=registry, reporter=Silent()).results
    assert [result.new for result in again] == [False] * 3
    assert [result.record for result in again] == records
    (fresh,) = run(replace(few, shots=(4,), results=tmp_path / "other"), registry=registry, reporter=Silent()).results
    assert fresh.record.model_copy(update={"timing": None, "provenance": None}) == records[1].model_copy(
        update={"timing": None, "provenance": None}
    )
    page = (tmp_path / "leaderboards" / "toy-colour.md").read_text()
    assert page.count("| rank |") == 3
    assert "25 images of each class; 3 of 3 classes have fewer than 25 images and give all they have." in page


@pytest.mark.parametrize("task", ["toy-traits", "toy-year"])
def test_few_shots_of_what_has_no_classes_are_refused(judged: Judged, registry: Registry, task: str) -> None:
    with pytest.raises(UsageError, match=f"--shots .*{task} is a "):
        run(replace(judged.request, tasks=["toy-colour", task], shots=(1,)), registry=registry, reporter=Silent())


def test_features_of_the_test_are_described_without_labels(judged: Judged) -> None:
    record = judged.record("toy-colour")
    found = record.label_free
    assert found is not None
    assert (found.of, found.images, found.dimensions) == (
        record.dataset.test,
        record.dataset.test,
        record.encoder.feature_dim,
    )
    assert 1 < found.effective_rank <= found.rankme <= min(found.images, found.dimensions) * 1.01
    # Labels change the comparison of the clusters alone.
    permuted = judged.record("toy-colour-permuted").label_free
    assert permuted is not None
    labels = {"ari", "nmi", "clusters"}
    assert permuted.model_dump(exclude=labels) == found.model_dump(exclude=labels)
    assert (found.ari or 0) > (permuted.ari or 0)
    for task in ("toy-traits", "toy-year"):
        other = judged.record(task).label_free
        assert other is not None
        assert (other.clusters, other.ari, other.nmi) == (None, None, None)
    splits = judged.record("toy-splits")
    assert splits.label_free is not None
    assert splits.label_free.of == splits.dataset.test
    assert "k-means ARI" in judged.page("toy-colour")
    assert "k-means" not in judged.page("toy-year")
