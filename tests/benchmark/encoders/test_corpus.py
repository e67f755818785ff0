"""What weights were trained on, by the dataset that is asked about."""

from typing import Any

import pytest

from artbench.encoders import Corpus
from artbench.encoders.corpus import joined_corpora

WEB = Corpus(name="web", evidence="images of the web", datasets={"drawn": ("clean", "drawn by code")})
CATS = Corpus(name="cats", state="clean", evidence="cats alone", datasets={"cats": ("contaminated", "all of them")})


def test_a_state_is_that_of_the_dataset_or_else_the_general_one() -> None:
    assert [WEB.seen(name).state for name in ("drawn", "wikiart")] == ["clean", "unknown"]
    assert CATS.seen("cats").evidence == "all of them"
    assert CATS.seen("wikiart").corpus == "cats"


def test_of_several_corpora_the_worst_counts() -> None:
    both = joined_corpora([CATS, WEB, CATS])
    assert both.name == "cats + web"
    assert [both.seen(name).state for name in ("wikiart", "drawn", "cats")] == ["unknown", "clean", "contaminated"]
    assert both.seen("wikiart").evidence == "images of the web"
    assert both.seen("cats").evidence == "all of them"


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "pure"},
        {"evidence": ""},
        {"evidence": "two\nlines"},
        {"name": "x" * 301},
        {"datasets": {"a": ("?", "b")}},
    ],
)
def test_a_statement_that_can_not_go_on_record_is_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="needs a state of clean, unknown, contaminated and texts of one line"):
        Corpus(**{"name": "web", "evidence": "images of the web"} | wrong)
