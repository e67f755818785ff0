"""Columns that say which images show the same."""

from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from tests.plugins.artbench_collection.museum import only, opened, touch, write_table


def museum(root: Path, values: tuple[str, ...] = ("a", "a", "b", "b", "c", "")) -> Path:
    paths = [f"{number}.jpg" for number in range(len(values))]
    touch(root, *paths)
    rows = [
        (path, value, "oil" if at % 2 else "ink") for at, (path, value) in enumerate(zip(paths, values, strict=True))
    ]
    return write_table(root / "list.csv", ("path", "same_object", "medium"), rows)


def test_equal_values_belong_together_and_every_image_is_a_query(tmp_path: Path) -> None:
    task = only(f"{museum(tmp_path)}:same_object")
    assert (task.spec.target, task.spec.primary_metric, task.spec.clustered) == ("retrieval", "retrieval_map", True)
    assert task.targets.classes == ("a", "b")
    assert task.targets.test.labels.tolist() == task.targets.train.labels.tolist() == [0, 0, 1, 1, -1, -1]
    assert task.targets.groups == ["a", "a", "b", "b", "", ""]


def test_it_is_a_task_beside_those_of_labels(tmp_path: Path) -> None:
    names = [task.spec.name for task in opened(f"collection:{museum(tmp_path)}")]
    assert names == ["collection:list:same_object", "collection:list:medium"]


def test_a_toml_names_other_columns(tmp_path: Path) -> None:
    museum(tmp_path)
    (tmp_path / "my.toml").write_text("table = 'list.csv'\nsame = ['medium']\n")
    assert only(f"{tmp_path / 'my.toml'}:medium").spec.target == "retrieval"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("same = ['objekt']", "has no column 'objekt'"),
        ("same = 'medium'", "same is 'medium', and should be a list of columns"),
        ("same = ['medium']\nseveral = { medium = ';' }", "'medium' is named in same, and in years or several"),
    ],
)
def test_a_wrong_toml_is_told(text: str, said: str, tmp_path: Path) -> None:
    museum(tmp_path)
    (tmp_path / "my.toml").write_text(f"table = 'list.csv'\n{text}\n")
    with pytest.raises(ArtbenchError, match=said):
        only(tmp_path / "my.toml")


def test_values_that_are_all_different_are_told(tmp_path: Path) -> None:
    table = museum(tmp_path, ("a", "b", "c", "d"))
    with pytest.raises(ArtbenchError, match=r"no value of the column 'same_object' of .* is there twice"):
        only(f"{table}:same_object")


def test_queries_without_their_like_in_the_index_are_told(tmp_path: Path) -> None:
    touch(tmp_path, "0.jpg", "1.jpg", "2.jpg")
    rows = [("0.jpg", "a", "test"), ("1.jpg", "a", "test"), ("2.jpg", "b", "train")]
    table = write_table(tmp_path / "list.csv", ("path", "same_object", "split"), rows)
    with pytest.raises(ArtbenchError, match="no query belongs with another picture of the index"):
        only(f"{table}:same_object")
