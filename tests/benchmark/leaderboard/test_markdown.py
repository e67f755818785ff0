"""Markdown that can be published as it is."""

import re
from html import unescape
from pathlib import Path
from random import Random
from typing import Any

import pytest
from markdown_it import MarkdownIt

from artbench.leaderboard.board import boards
from artbench.leaderboard.build import build_pages
from artbench.leaderboard.markdown import index_page, task_page
from artbench.leaderboard.notes import table_names
from artbench.records.record import task_name
from artbench.runtime.names import problem_of
from artbench.runtime.text import escape, escape_name
from tests.support.records import record


def test_a_row_tells_rank_encoder_result_and_cost() -> None:
    page = task_page(boards([record(0.5012), record(0.7, backbone="resnet50", pretraining="imagenet")]))
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert rows[1].startswith("| (1) | resnet50 | imagenet | **70.0** [60.0, 80.0] | 70.0 | 70.0 | 11.2 M | 512 |")
    assert rows[2].startswith("| (2) | resnet18 | random | **50.1** [40.1, 60.1] |")
    assert "linear-v1" in page
    assert "100 training and 40 test images, 4 classes" in page


def test_pooling_and_size_are_shown_where_records_declare_them() -> None:
    encoder = record().encoder
    rows = [
        record(0.4, backbone=name, encoder=encoder.model_copy(update={"layer": layer, "pooling": pooling}).model_dump())
        for name, layer, pooling in (("a", 1, "cls"), ("a@layer=3,pool=max", 3, "max"), ("b", 1, None))
    ]
    page = task_page(boards(rows))
    assert "| features | pooling | px |" in page
    assert [line.split("|")[-3:-1] for line in page.splitlines() if line.startswith("| (1")] == [
        [" cls ", " 244 "],
        [" max, layer 3 ", " 244 "],
        ["  ", " 244 "],
    ]
    assert "pooling" not in task_page(boards([record()]))


def test_records_that_cannot_be_compared_get_tables_of_their_own_and_a_reason() -> None:
    page = task_page(boards([record(), record(protocol_hash="e" * 64)]))
    assert page.count("| rank |") == 2
    assert "can't be compared" in page
    # Of one protocol's name, the digests tell.
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## linear-v1 (aaaaaaaaaaaa)",
        "## linear-v1 (eeeeeeeeeeee)",
    ]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        (
            {"protocol": "linear-v2-width-40", "protocol_hash": "e" * 64},
            ["linear-v1", "linear-v2-width-40"],
        ),
        ({"dataset": {"fingerprint": "e" * 64}}, ["data state bbbbbbbbbbbb", "data state eeeeeeeeeeee"]),
        ({"task_version": 2}, ["task version 1", "task version 2"]),
    ],
)
def test_each_of_several_tables_is_headed_by_what_differs(changes: dict[str, Any], names: list[str]) -> None:
    found = boards([record(), record(**changes)])
    assert [line[3:] for line in task_page(found).splitlines() if line.startswith("## ")] == names
    assert table_names(found) == names
    assert table_names(found[:1]) == [""]
    assert "## " not in task_page(found[:1])


def test_features_reduced_to_a_common_width_say_so() -> None:
    page = task_page(boards([record(protocol="linear-v2-width-40")]))
    assert "| 512 → 40 |" in page
    (board,) = boards([record(protocol="linear-v2-width-512")])
    assert "→" not in task_page([board])


def test_footnotes_part_encoders_whose_names_hold_commas() -> None:
    rows = [record(backbone=name, dataset={"partial": True, "missing": 3}) for name in ("a@layer=2,pool=max", "b")]
    (note,) = (line for line in task_page(boards(rows)).splitlines() if line.startswith("- ¶"))
    assert note.endswith("(a@layer=2,pool=max, random; b, random).")


def test_a_new_record_is_a_new_line_and_changes_no_other(tmp_path: Path) -> None:
    few = [record(0.3, backbone="a"), record(0.5, backbone="b")]
    before = task_page(boards(few)).splitlines()
    after = task_page(boards([*few, record(0.1, backbone="c")])).splitlines()
    assert [line for line in after if line not in before] == [line for line in after if "| c |" in line]


def test_the_same_records_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    records = [record(value / 10, backbone=f"b{value}", task=f"t{value % 2}") for value in range(8)]
    build_pages(records, tmp_path / "one")
    Random(0).shuffle(records)
    build_pages(records, tmp_path / "two")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["OVERALL.md", "README.md", "t0.md", "t1.md"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


HOSTILE = ["a|b", "<script>alert(1)</script>", "[x](javascript:y)", "`code`", "**b**", "a&lt;", "_it_", "#h", "a\\|b"]


@pytest.mark.parametrize("hostile", [*HOSTILE, "<!-- x", "![x](https://example.org/x.png)", "~~gone~~", "http://x.org"])
def test_names_stay_text_when_the_page_is_rendered(hostile: str) -> None:
    (board,) = boards([record(backbone=hostile)])
    html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(task_page([board]))
    # A comment in an address is not shown.
    cells = re.findall(r"<td[^>]*>(.*?)</td>", html.replace("<!-- -->", ""))
    assert unescape(cells[1]) == hostile
    assert len(cells) == 8


ADDRESSES = ["http://x.org", "HTTPS://x.org", "www.x.org", "_www.x.org", "a_www.x.org", "me@x.org", "ftp://x.org"]


@pytest.mark.parametrize("address", [*ADDRESSES, "mailto:me@x.org", "xmpp:me@x.org"])
def test_an_address_as_a_name_is_no_link(address: str) -> None:
    """GitHub makes a link of what looks like an address; what it looks for is not there in one piece."""
    assert problem_of(address).startswith("is an address")
    (board,) = boards([record(backbone=address, task=address, pretraining=address)])
    for page in (task_page([board]), index_page([board])):
        assert not re.search(r"(?i)://|www\.|@x\.org|(mailto|xmpp):", page)


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_python_markdown_links_is_an_address_and_a_bare_host_is_none(address: str) -> None:
    pytest.importorskip("pymdownx", reason="comes with mkdocs-material")
    markdown = pytest.importorskip("markdown").markdown

    def render(text: str) -> str:
        return str(markdown(text, extensions=["pymdownx.magiclink"]))

    # As its authors write it: it takes small letters alone.
    assert "<a " in render(address.lower())
    assert "<a " not in render(escape_name(address.lower()))
    for name in ("vit_base_patch16_clip_224.openai", "example.com", "weights.de/x"):
        assert "<a " not in render(name)
        assert not problem_of(name)


def test_the_metric_that_ranks_may_have_any_name() -> None:
    name = "<b>|x"
    (board,) = boards([record(metrics={name: {"value": 0.5, "ci95": [0.4, 0.6]}}, primary_metric=name)])
    for page in (task_page([board]), index_page([board])):
        assert name not in page
        assert "&lt;b&gt;\\|x" in page


def test_ordinary_names_stay_as_they_are() -> None:
    for name in ("tf_efficientnet_lite0", "vit_small_patch16_224.augreg_in21k", "wikiart-style", "moco-v2"):
        assert escape(name) == name


def test_rows_of_one_name_can_be_told_apart() -> None:
    page = task_page(
        boards(
            [
                record(0.5),
                record(0.6, encoder={"weights_sha256": "1" * 64}, provenance={"seed": 7}),
                record(0.7, pretraining="run.pth", encoder={"weights_sha256": "2" * 64, "checkpoint_sha256": "3" * 64}),
            ]
        )
    )
    assert "| random |" in page
    assert "| random (seed 7) |" in page
    assert "| run.pth (33333333) |" in page


def test_years_are_shown_in_years() -> None:
    years = {"value": 74.39, "ci95": [72.0, 76.25], "unit": "years"}
    page = task_page(boards([record(primary_metric="mean_absolute_error", metrics={"mean_absolute_error": years})]))
    assert "| **MAE** years [95 % interval] | accuracy % |" in page
    assert "| **74.4** [72.0, 76.2] | 50.0 |" in page


def test_guesses_are_shown_apart_from_the_newest_record_that_has_them() -> None:
    def guess(value: float) -> list[dict[str, Any]]:
        return [{"name": "largest class", "metrics": {"accuracy": {"value": value, "ci95": [value, value]}}}]

    page = task_page(
        boards(
            [
                record(0.9, backbone="b"),
                record(0.7, references=guess(0.42)),
                record(0.1, backbone="c", references=guess(0.4), provenance={"created": "2025-01-01T00:00:00+00:00"}),
            ]
        )
    )
    assert "| largest class | **42.0** [42.0, 42.0] |  |" in page
    assert page.count("largest class") == 1
    assert page.index("| (3) | c |") < page.index("| no pixels |") < page.index("Protocol")


def test_the_footing_says_what_numbers_are_means_over() -> None:
    few = {"shots": 4, "draws": 10, "seed": 0, "scarce": 2}
    shots = record(protocol="linear-v1-shots-4", few_shot=few, clusters=12)
    page = task_page(boards([shots]))
    assert "4 images of each class; 2 classes have fewer and give all they have." in page
    assert "Intervals resample 12 painters with all their images." in page
    assert task_name(shots) == "toy-style, shots 4"
    assert task_name(record()) == "toy-style"


def test_every_task_has_a_page_of_its_own_whatever_it_is_called(tmp_path: Path) -> None:
    tasks = ["README", "readme", "sample-style", "Sample-Style", "a/b", "a:b", "../../evil", "x" * 300]
    written = build_pages([record(task=task) for task in tasks], tmp_path / "pages")
    names = [file.name.lower() for file in written]
    assert len(set(names)) == len(names) == len(tasks) + 2
    assert all(file.parent == tmp_path / "pages" for file in written)
    assert "sample-style.md" in names
    index = (tmp_path / "pages" / "README.md").read_text(encoding="utf-8")
    assert index.startswith("# Leaderboards")
    linked = set(re.findall(r"\]\(([^)]+)\)", index))
    assert linked == {file.name for file in written} - {"README.md"}


def test_the_index_tells_protocols_of_one_name_apart_and_names_partial_copies(tmp_path: Path) -> None:
    build_pages([record(), record(protocol_hash="e" * 64), record(task="other", dataset={"partial": True})], tmp_path)
    index = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "linear-v1 (aaaaaaaaaaaa)" in index
    assert "linear-v1 (eeeeeeeeeeee)" in index
    assert "(a partial copy)" in index


def test_unreadable_images_are_counted() -> None:
    assert ", 3 unreadable" in task_page(boards([record(dataset={"unreadable": 3})]))
