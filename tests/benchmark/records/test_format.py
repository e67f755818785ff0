"""What a notebook and an interpreter show of a record."""

import pytest

from artbench.records.format import scaled
from artbench.records.record import Record
from tests.support.records import record


def shown(one: Record) -> str:
    return one._repr_html_()


def test_the_table_names_task_encoder_and_the_ranking_metric_with_its_interval() -> None:
    page = shown(record(0.8123))
    assert page.startswith("<table>")
    assert "toy-style" in page
    assert f"<b>{record(0.8123).metrics['accuracy'].value * 100:.1f} [" in page


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (0.8123, "fraction", "81.2"),
        (0.8123, "number", "0.812"),
        (45.678, "years", "45.7"),
        (1.234, "steps", "1.23"),
        (0.0234, "steps", "0.023"),
        (-0.5, "steps", "-0.500"),
    ],
)
def test_small_amounts_keep_digits_that_count(number: float, unit: str, text: str) -> None:
    assert scaled(number, unit) == text


def test_names_from_elsewhere_are_escaped() -> None:
    page = shown(record(backbone="<script>alert(1)</script>", pretraining='a"&b', task="x<y"))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "a&quot;&amp;b" in page


def test_a_record_is_one_short_line_in_a_list() -> None:
    line = repr([record(0.5, backbone="net")])
    assert line.startswith("[Record(toy-style; net, ")
    assert "accuracy 50.0 [" in line
    assert len(line) < 120
