"""Tasks that look for the image that a changed one was made of, from the command line to a leaderboard."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from artbench.cli.main import artbench
from artbench.data import Dataset
from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from artbench.specs import load_factory
from artbench_reproduction.changes import CHANGES
from artbench_reproduction.dataset import ReproducedDataset
from tests.plugins.artbench_collection.museum import write_table
from tests.support.plugins import SMALL
from tests.support.run_tasks import pixels, run_tasks

pytestmark = pytest.mark.integration

TESTED = 24


def museum(root: Path, *, tested: int = TESTED) -> Path:
    """Works of two media, the first ten of them to train on; one can't be read."""
    rows = []
    for number in range(10 + tested):
        path = f"works/{number:02}.png"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        light = np.clip(pixels(number) * (0.4 + number / 60), 0, 255).astype(np.uint8)
        Image.fromarray(light).save(root / path)
        rows.append((path, ("ink", "oil")[number % 2], "train" if number < 10 else "test"))
    (root / "works" / f"{9 + tested:02}.png").write_bytes(b"no picture")
    return write_table(root / "works.csv", ("path", "medium", "split"), rows)


def opened(name: str) -> tuple[ReproducedDataset, Dataset]:
    registry = load_plugins(only="")
    spec = registry.datasets.get(registry.tasks.get(name).dataset)
    assert spec.of is not None
    assert spec.of.folder is not None
    dataset = load_factory(spec.factory)(spec.of.folder)
    assert isinstance(dataset, ReproducedDataset)
    return dataset, dataset.base


def test_each_test_image_is_there_once_as_it_is_and_once_in_every_change(tmp_path: Path) -> None:
    dataset, base = opened(f"reproduced:collection:{museum(tmp_path)}:medium")
    assert len(dataset) == TESTED * (1 + len(CHANGES))
    assert len(set(dataset.ids)) == len(dataset)
    assert dataset.of == base.name
    assert min(int(dataset.files[row][6:8]) for row in range(len(dataset))) == 10
    assert dataset.read(0) == base.read(dataset.places[0])
    assert dataset.read(TESTED) != base.read(dataset.places[TESTED])
    # What was made of a file stands for the file and the change, however it was compressed.
    contents = {dataset.content(row, dataset.read(row)) for row in range(len(dataset))}
    assert len(contents) == len(dataset)
    before = dataset.content(TESTED, b"")
    Image.fromarray(pixels(99)).save(base.path(dataset.places[TESTED]))
    assert dataset.content(TESTED, b"") != before


def test_they_are_measured_alone_and_all_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"reproduced:collection:{museum(tmp_path)}:medium"
    records = run_tasks(name, f"{name}@crop", f"{name}@white", data=None, folder=tmp_path, monkeypatch=monkeypatch)
    whole = records["reproduced:collection:works:medium"]
    assert (whole["protocol"], whole["primary_metric"]) == ("retrieval-v1", "recall_at_1")
    # The one that can't be read is neither in the index nor a query.
    assert (whole["dataset"]["train"], whole["dataset"]["test"]) == (TESTED - 1, 12 * (TESTED - 1))
    assert whole["clusters"] == TESTED - 1
    # The mean colour of a crop is nearly the same, and another white balance is another colour.
    crop, white = (records[f"reproduced:collection:works:medium@{kind}"] for kind in ("crop", "white"))
    assert crop["dataset"]["test"] == 2 * (TESTED - 1)
    assert crop["metrics"]["retrieval_map"]["value"] > white["metrics"]["retrieval_map"]["value"]
    done = CliRunner().invoke(artbench, ["leaderboard", "check", str(tmp_path / "results"), "--plugin", str(SMALL)])
    assert "3 records" in done.output
    assert "no faults" in done.output


def test_too_few_images_are_told(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match="has 12 test images, among which a changed one is too easy to find"):
        opened(f"reproduced:collection:{museum(tmp_path, tested=12)}:medium")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("reproduced:sample-stlye", "no task is called 'sample-stlye'. The nearest: sample-style"),
        ("reproduced:sample-style@fog", "there is no kind of change 'fog'. There are jpeg, resolution, white"),
        ("reproduced:reproduced:sample-style", "no task is called 'reproduced:reproduced:sample-style'"),
    ],
)
def test_other_names_are_told(name: str, said: str) -> None:
    with pytest.raises(ArtbenchError) as raised:
        load_plugins(only="").tasks.get(name)
    assert said in str(raised.value)


def test_every_task_on_single_images_is_found_by_a_search() -> None:
    found = [name for _, name, _ in load_plugins(only="").tasks.search("reproduced:sample")]
    assert found == ["reproduced:sample-style", "reproduced:sample-artist", "reproduced:sample-material"]
