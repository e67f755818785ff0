"""What an exploration finds: neighbours, clusters, copies, wrong labels, columns; on one and the same collection."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import artbench
from artbench.catalogue.nearest import Directions, nearest_of_all
from artbench.data.dataset import Dataset
from artbench.data.opening import DatasetWithTasks
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError, UsageError
from artbench.explain.cosine import unit_vectors
from artbench.explore import encoder
from artbench.explore.columns import columns_of, is_numeric
from artbench.explore.pictures import side_for
from artbench.plugins.known import plain_target
from artbench.runtime.progress import Silent
from artbench.specs import DatasetSpec, TaskSpec
from tests.benchmark.explore.collections import BROKEN, COPY, CROP, EACH, WRONG
from tests.support.plugins import TOY
from tests.support.reporters import RecordingReporter


def test_every_picture_that_can_be_read_is_there_and_the_broken_one_is_counted(explored: artbench.Exploration) -> None:
    assert len(explored.ids) == 2 * EACH + 2
    assert BROKEN not in explored.ids
    assert explored.unreadable == 1
    assert "1 more can't be read" in " ".join(explored.caption)


def test_columns_are_the_owners_own(explored: artbench.Exploration) -> None:
    assert list(explored.columns) == ["sky", "year", "title"]
    assert explored.columns["title"][explored.ids.index("blue-00.png")] == f"Title {EACH}"
    assert is_numeric(explored.columns["year"])


def test_copies_and_crops_are_found_and_nothing_else(explored: artbench.Exploration) -> None:
    (group,) = explored.twins
    assert sorted(explored.ids[at] for at in group.members) == sorted([COPY, CROP, "red-05.png"])
    assert group.kind == "twins"


def test_the_wrong_label_is_what_catalogue_and_model_disagree_on_most(explored: artbench.Exploration) -> None:
    (judged,) = explored.judged
    first = judged.listed[0]
    assert judged.name == "sky"
    assert judged.agreement > 0.9 > judged.guess
    assert (explored.ids[first.picture], first.said, first.predicted) == (WRONG, "blue", "red")
    assert 0.5 < first.confidence <= 1


def test_clusters_hold_every_picture_once_with_their_commonest_values(explored: artbench.Exploration) -> None:
    clusters = explored.clusters
    assert np.bincount(clusters.of).tolist() == [cluster.size for cluster in clusters.found]
    assert [cluster.size for cluster in clusters.found] == sorted((c.size for c in clusters.found), reverse=True)
    for number, cluster in enumerate(clusters.found):
        assert set(clusters.of[list(cluster.typical)]) == {number}
        value = cluster.values["sky"][0]
        members = [explored.columns["sky"][at] for at in np.flatnonzero(clusters.of == number).tolist()]
        assert value.share == members.count(value.value) / len(members)


def test_neighbours_are_exact_and_never_the_picture_itself() -> None:
    points = unit_vectors(np.random.default_rng(0).standard_normal((50, 7)).astype(np.float32))
    found = nearest_of_all(Directions(points, np.arange(50), device="cpu"), count=5, reporter=Silent())
    cosines = points @ points.T
    np.fill_diagonal(cosines, -np.inf)
    assert np.array_equal(found.places, np.argsort(-cosines, axis=1)[:, :5])
    assert np.allclose(found.scores, np.sort(-cosines, axis=1)[:, :5] * -1)


def test_a_folder_without_labels_has_its_folders_for_a_column(museum: Path, tmp_path: Path) -> None:
    for place in ("attic", "attic/box", "hall"):
        (tmp_path / "house" / place).mkdir(parents=True, exist_ok=True)
    for at, file in enumerate(sorted(museum.parent.glob("blue-*.png"))):
        place = ("attic/box", "hall")[at % 2] if at < 2 else "."
        (tmp_path / "house" / place / file.name).write_bytes(file.read_bytes())
    found = artbench.explore(
        f"collection:{tmp_path / 'house'}", backbone="colour-histogram", pretraining="none", out=None
    )
    assert sorted(set(found.columns["folder"])) == ["", "attic/box", "hall"]
    assert found.page is None


def test_labels_of_tasks_are_columns_but_not_which_pictures_belong_together(tmp_path: Path) -> None:
    targets = Targets(
        classes=("a", "b"),
        train=Split(rows=np.arange(2), labels=np.array([0, 1])),
        test=Split(rows=np.arange(2, 4), labels=np.array([1, 0])),
    )
    spec = DatasetSpec(name="toy", description="", factory="nowhere:read", source="", layout="")
    task = TaskSpec(
        name="toy-style",
        description="",
        dataset="toy",
        target=plain_target("class"),
        primary_metric="",
        factory="no:no",
    )
    again = replace(task, name="toy-retrieval", target=plain_target("ranking"))
    opened = DatasetWithTasks(
        spec=spec,
        dataset=Dataset(name="toy", root=tmp_path, ids=list("wxyz"), files=list("wxyz")),
        tasks={task.name: task, again.name: again},
        targets={task.name: targets, again.name: targets},
        unreadable={},
    )
    assert columns_of(opened, np.arange(4)) == {"style": ["a", "b", "b", "a"]}


def test_fewer_pictures_are_drawn_by_the_seed(museum: Path) -> None:
    drawn = [
        artbench.explore(
            f"collection:{museum}",
            backbone="colour-histogram",
            pretraining="none",
            layout="pca",
            pictures=12,
            seed=seed,
            out=None,
        ).ids
        for seed in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert 10 <= len(drawn[0]) <= 12


def test_without_weights_on_the_machine_colours_are_compared_and_it_says_so(
    museum: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "PREFERRED", (("nonesuch", "none"), ("toy-patches", "imagenet")))
    heard = RecordingReporter()
    found = artbench.explore(f"collection:{museum}", layout="pca", out=None, plugins=[TOY], reporter=heard)
    assert found.encoder.backbone == "colour-histogram"
    assert any("compared by their colours alone" in notice for notice in heard.notices)


def test_wrong_requests_are_refused_in_a_line(museum: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="either a dataset or a record"):
        artbench.explore()
    with pytest.raises(UsageError, match="weights belong to a network"):
        artbench.explore(f"collection:{museum}", pretraining="random")
    with pytest.raises(ArtbenchError, match="is a folder"):
        artbench.explore(f"collection:{museum}", out=tmp_path)
    (tmp_path / "few").mkdir()
    for name in ("red-00.png", "red-01.png", "red-02.png"):
        (tmp_path / "few" / name).write_bytes((museum.parent / name).read_bytes())
    with pytest.raises(ArtbenchError, match="3 pictures that can be read, too few"):
        artbench.explore(f"collection:{tmp_path / 'few'}", backbone="colour-histogram", pretraining="none", out=None)


def test_pictures_are_smaller_the_more_there_are() -> None:
    sides = [side_for(count, budget=28_000_000) for count in (10, 1_000, 10_000, 1_000_000)]
    assert sides == sorted(sides, reverse=True)
    assert sides[0] == 320
    assert sides[-1] == 64
