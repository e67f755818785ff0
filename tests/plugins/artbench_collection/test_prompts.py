"""What a collection's TOML says of its classes in words."""

from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from tests.plugins.artbench_collection.museum import only, write_museum


def described(root: Path, text: str) -> Path:
    write_museum(root)
    (root / "my.toml").write_text(f"table = 'works.csv'\n{text}\n")
    return root / "my.toml"


def test_a_toml_says_the_values_of_a_column_in_words(tmp_path: Path) -> None:
    text = '[prompts.style]\ntemplates = ["a painting, {}."]\nwords = { Jugendstil = "art nouveau" }'
    task = only(f"{described(tmp_path, text)}:style")
    assert task.spec.prompts is not None
    assert task.spec.prompts.texts(task.targets.classes) == [
        ["a painting, Barock."],
        ["a painting, art nouveau."],
        ["a painting, Realismus."],
    ]
    assert only(f"{tmp_path / 'my.toml'}:painter").spec.prompts is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prompts = 3", "prompts is 3, and should be a table of columns"),
        ("prompts = { style = 'a {}' }", "should be a table of columns, each with a list of templates"),
        ("[prompts.style]\ntemplates = 'a {}'", r"prompts\.style is .*, and should be"),
        ("[prompts.style]\ntemplate = ['a {}']", r"prompts\.style is .*, and should be"),
        ("[prompts.style]\ntemplates = []", r"prompts\.style: templates of prompts are \(\)"),
        ("[prompts.style]\ntemplates = ['a painting']", r"'a painting' is not a line with one \{\} for the class"),
        ("[prompts.style]\ntemplates = ['a {0.__class__} {}']", "is not a line with one"),
        ("[prompts.style]\ntemplates = ['a {}']\nwords = { Barock = 3 }", "words for the class 'Barock' are 3"),
        ("[prompts.stil]\ntemplates = ['a {}']", "no column of labels 'stil'. Is it "),
        ("several = { style = ';' }\n[prompts.style]\ntemplates = ['a {}']", "whose images have not one class each"),
    ],
)
def test_a_wrong_toml_is_told(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=said):
        only(f"{described(tmp_path, text)}:style")
