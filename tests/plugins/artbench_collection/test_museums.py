"""A column against one that says which museum each image is from."""

from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from tests.plugins.artbench_collection.museum import only, touch, write_table

COLUMNS = ("path", "medium", "holder", "painter", "year")


def museum(root: Path, *, each: int = 6) -> Path:
    rows = [
        (f"{medium}-{holder}-{at}.jpg", medium, holder, f"painter {at % 3}", f"{1700 + at}")
        for medium in ("ink", "oil")
        for holder in ("north", "south")
        for at in range(each)
    ]
    touch(root, *(row[0] for row in rows))
    return write_table(root / "list.csv", COLUMNS, rows)


def test_two_columns_are_a_task(tmp_path: Path) -> None:
    task = only(f"{museum(tmp_path)}:medium@holder")
    assert (task.spec.name, task.spec.target) == ("collection:list:medium@holder", "museum-bias")
    assert (task.spec.primary_metric, task.spec.clustered) == ("robustness_index", False)
    assert task.targets.classes == ("ink", "oil")
    assert len(task.targets.test) == 24
    assert task.targets.origins is not None
    assert {task.dataset.ids[row].split("-")[1] for row in task.targets.test.rows} == set(task.targets.origins)
    # The other way round it is another task, with another state of the data.
    other = only(f"{tmp_path / 'list.csv'}:holder@medium")
    assert other.targets.classes == ("north", "south")
    assert other.listing != task.listing


def test_painters_are_the_units_of_its_intervals(tmp_path: Path) -> None:
    museum(tmp_path)
    (tmp_path / "my.toml").write_text("table = 'list.csv'\ngroup = 'painter'\n")
    task = only(f"{tmp_path / 'my.toml'}:medium@holder")
    assert task.spec.clustered
    assert set(task.targets.groups_of(task.targets.test) or ()) == {"painter 0", "painter 1", "painter 2"}


@pytest.mark.parametrize(
    ("asked", "each", "said"),
    [
        ("medium@museum", 6, "has no column of labels 'museum'"),
        ("medium@", 6, "'medium@' names no column on one side of the @. Write COLUMN@MUSEUM; there are medium, holder"),
        ("@holder", 6, "'@holder' names no column on one side of the @"),
        ("medium@medium", 6, "'medium@medium' names one column twice"),
        ("medium@holder", 4, "no two classes have 5 pictures each in two museums"),
    ],
)
def test_what_can_not_be_compared_is_told(asked: str, each: int, said: str, tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=said):
        only(f"{museum(tmp_path, each=each)}:{asked}")


def test_years_are_no_classes(tmp_path: Path) -> None:
    museum(tmp_path)
    (tmp_path / "my.toml").write_text("table = 'list.csv'\nyears = ['year']\n")
    with pytest.raises(ArtbenchError, match="'year' does not say one class or museum for each image"):
        only(f"{tmp_path / 'my.toml'}:year@holder")
