"""What a task says of its classes in words."""

from typing import Any

import pytest

from artbench.errors import ArtbenchError
from artbench.specs import Prompts


def test_other_words_or_templates_have_another_digest() -> None:
    prompts = Prompts(templates=("a {}.",), words={"x": "an ex"})
    same = Prompts(templates=("a {}.",), words={"x": "an ex"})
    others = [
        Prompts(templates=("a {}!",), words={"x": "an ex"}),
        Prompts(templates=("a {}.",), words={"x": "a why"}),
        Prompts(templates=("a {}.",)),
    ]
    assert prompts.sha256 == same.sha256
    assert len({prompts.sha256, *(other.sha256 for other in others)}) == 4


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"templates": ()}, "not 1 to 200 texts"),
        ({"templates": "a {}."}, "not 1 to 200 texts"),
        ({"templates": ("a painting",)}, "not a line with one"),
        ({"templates": ("{} and {}",)}, "not a line with one"),
        ({"templates": ("{0.__class__} {}",)}, "not a line with one"),
        ({"templates": ("a {}\nwith a second line",)}, "not a line with one"),
        ({"templates": ("a {}", "a {}")}, "stands twice"),
        ({"templates": ("a {}",), "words": {"x": " "}}, "words for the class 'x' are ' '"),
        ({"templates": ("a {}",), "words": {"x": "a\u202eb"}}, "words for the class 'x'"),
    ],
)
def test_what_is_no_prompt_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Prompts(**given)


@pytest.mark.parametrize(
    ("words", "classes", "said"),
    [
        ({"z": "zed"}, ["x", "y"], "words for the class 'z', which the task does not have"),
        ({}, ["x", "_"], "the class '_' has no words"),
        ({"x": "same"}, ["x", "same"], "'x' and 'same' have the same words"),
        ({}, ["a_b", "a b"], "'a_b' and 'a b' have the same words"),
    ],
)
def test_prompts_that_do_not_fit_the_classes_are_told(words: dict[str, str], classes: list[str], said: str) -> None:
    with pytest.raises(ArtbenchError, match=said):
        Prompts(templates=("a {}.",), words=words).texts(classes)


def test_braces_in_the_name_of_a_class_are_words() -> None:
    assert Prompts(templates=("a {}.",)).texts(["{0.name} {}"]) == [["a {0.name} {}."]]
