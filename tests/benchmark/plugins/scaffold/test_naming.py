"""One name gives three, and what can't be a package's name is refused in a line."""

import re
import sys

import pytest

from artbench.errors import UsageError
from artbench.plugins.scaffold.naming import LONGEST, names_of


@pytest.mark.parametrize(
    ("given", "registered", "distribution", "module"),
    [
        ("gram", "gram", "artbench-gram", "artbench_gram"),
        ("artbench-gram", "gram", "artbench-gram", "artbench_gram"),
        ("Artbench_gram", "gram", "artbench-gram", "artbench_gram"),
        ("vit_tiny.Art", "vit_tiny.Art", "artbench-vit-tiny-art", "artbench_vit_tiny_art"),
        ("2001", "2001", "artbench-2001", "artbench_2001"),
        ("a", "a", "artbench-a", "artbench_a"),
    ],
)
def test_names_follow_from_one(given: str, registered: str, distribution: str, module: str) -> None:
    names = names_of(given)
    assert (names.registered, names.distribution, names.module) == (registered, distribution, module)


@pytest.mark.parametrize("name", ["class", "import", "None", "json", "sys", "__init__".strip("_"), "torch"])
def test_words_of_python_and_names_of_other_modules_do_no_harm(name: str) -> None:
    module = names_of(name).module
    assert module.isidentifier()
    assert module not in sys.stdlib_module_names


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "-gram",
        "gram-",
        "_gram",
        "..",
        "../gram",
        "/tmp/gram",
        "gr am",
        "gram\n",
        "gram\x1b[31m",
        'gram"',
        "{{ name }}",
        "größe",
        "gram+",
        "con:gram",
        "artbench-",
    ],
)
def test_what_can_not_be_a_package_is_refused_in_a_line(name: str) -> None:
    with pytest.raises(UsageError, match="can't be the name of a plugin") as refused:
        names_of(name)
    assert "\n" not in str(refused.value)
    assert str(refused.value).isprintable()


def test_a_long_name_is_refused_and_shown_in_part() -> None:
    names_of("a" * LONGEST)
    for name in ("a" * (LONGEST + 1), "a" * 100_000):
        with pytest.raises(UsageError, match=f"too long. At most {LONGEST}") as refused:
            names_of(name)
        assert len(str(refused.value)) < 200
    with pytest.raises(UsageError, match=re.escape("'!!!")) as refused:
        names_of("!" * 100_000)
    assert len(str(refused.value)) < 250
