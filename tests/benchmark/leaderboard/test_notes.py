"""A record that must be read with care says so, beside its row and below the table."""

from pathlib import Path
from typing import Any

import pytest

from artbench.cli.leaderboard.show import print_board
from artbench.leaderboard.board import boards
from artbench.leaderboard.export.flat import flat_rows
from artbench.leaderboard.export.latex import escape_latex, latex_tables
from artbench.leaderboard.literature import literature
from artbench.leaderboard.markdown import task_page
from artbench.leaderboard.notes import marks, measured_on
from artbench.plugins.loading import load_plugins
from tests.support.records import record

SEEN = {"corpus": "web", "state": "unknown", "evidence": "images of the web"}
POOL = {"sha256": "a" * 64, "images": 9, "datasets": {"toy": 9}}
PROBE = {"converged": False}
EDGE = {"l2": 0.1, "grid_losses": [None, 0.9]}
V2: dict[str, Any] = {"protocol": "linear-v2"}


@pytest.mark.parametrize(
    ("changes", "sign", "words"),
    [
        ({"encoder": {"pool": {**POOL, "test_images": 3}}}, "†", "pretrained on 3 of the 40 test images"),
        ({"encoder": {"pool": {**POOL, "test_images": None}}}, "‡", "was not available"),
        ({"encoder": {"seen": SEEN}}, "?", "may have seen test images, for it was trained on web: images of the web"),
        ({"encoder": {"seen": SEEN | {"corpus": "not stated"}}}, "?", "may have seen test images: images of the web"),
        ({"encoder": {"seen": SEEN | {"state": "contaminated"}}}, "†", "test images among them (images of the web)"),
        # One mark says it once.
        ({"encoder": {"seen": SEEN, "pool": {**POOL, "test_images": None}}}, "‡", "was not available"),
        ({"dataset": {"twins": {"test": 2, "tiers": ["hash"], "audit_sha256": "a" * 64}}}, "§", "2 test images have a"),
        ({"dataset": {"partial": True, "missing": 7}}, "¶", "7 images were missing"),
        ({"probe": PROBE}, "‖", "its probe did not meet"),
        ({**V2, "probe": EDGE}, "◊", "its penalty, 0.1, is the largest of the grid"),
        ({**V2, "probe": {"l2": 0.01}}, "◊", "its penalty, 0.01, is the smallest of the grid"),
    ],
)
def test_each_reason_for_care_has_a_mark_and_a_footnote(changes: dict[str, Any], sign: str, words: str) -> None:
    careful, plain = record(**changes), record(0.4, backbone="plain")
    assert [mark.sign for mark in marks(careful)] == [sign]
    assert marks(plain) == []
    page = task_page(boards([careful, plain.model_copy(update={"dataset": careful.dataset})]))
    assert f"| resnet18{sign} |" in page
    (note,) = (line for line in page.splitlines() if line.startswith(f"- {sign}") and "resnet18" in line)
    assert words in note


def test_clean_weights_need_no_mark_and_neither_do_records_that_do_not_say() -> None:
    assert marks(record(encoder={"seen": SEEN | {"state": "clean"}})) == []
    assert marks(record(encoder={"source": "timm/resnet18.a1_in1k"})) == []


def test_a_clean_pool_needs_no_mark() -> None:
    assert marks(record(encoder={"pool": {**POOL, "test_images": 0}})) == []


def test_the_penalty_at_the_edge_has_no_mark_where_pages_were_published_without_or_where_none_was_chosen() -> None:
    assert marks(record(probe=EDGE)) == []
    assert marks(record(protocol="linear-v2", probe=EDGE | {"grid_losses": [None, None]})) == []
    middle = {"l2": 0.1, "grid": [0.01, 0.1, 1.0], "grid_losses": [0.9, 0.8, 0.9]}
    assert marks(record(protocol="linear-v2", probe=middle)) == []


def test_the_page_says_where_the_penalty_was_chosen_and_which_classes_draws_lack() -> None:
    said = measured_on(boards([record(protocol="linear-v2", probe={"groups": 47, "unfitted": 2})])[0])
    assert "chosen on 47 painters, each held out" in said
    assert "2 classes have images only among those" in said
    few = {"shots": 4, "draws": 10, "seed": 0, "scarce": 3, "absent": 1}
    said = measured_on(boards([record(few_shot=few)])[0])
    assert "1 of 4 classes have no image to draw; 2 of 4 classes have fewer than 4 images" in said
    old = measured_on(boards([record(few_shot={**few, "absent": None})])[0])
    assert "3 classes have fewer and give all they have" in old


LATEX = {"†": r"\dagger", "‡": r"\ddagger", "§": r"\S", "¶": r"\P", "‖": r"\|", "◊": r"\diamond", "?": "?"}


@pytest.mark.parametrize("sign", LATEX)
def test_tables_for_papers_and_terminals_have_the_marks(sign: str, capsys: pytest.CaptureFixture[str]) -> None:
    changes: dict[str, dict[str, Any]] = {
        "†": {"encoder": {"pool": {**POOL, "test_images": 3}}},
        "‡": {"encoder": {"pool": {**POOL, "test_images": None}}},
        "?": {"encoder": {"seen": SEEN}},
        "§": {"dataset": {"twins": {"test": 2, "tiers": ["hash"], "audit_sha256": "a" * 64}}},
        "¶": {"dataset": {"partial": True, "missing": 7}},
        "‖": {"probe": PROBE},
        "◊": {**V2, "probe": EDGE},
    }
    board = boards([record(**changes[sign])])
    (mark,) = marks(board[0].first)
    text = latex_tables(board)
    assert f"resnet18$^{{{LATEX[sign]}}}$ &" in text
    assert f"\\par\\footnotesize $^{{{LATEX[sign]}}}$ {escape_latex(mark.text)} (" in text
    print_board(board[0])
    lines = capsys.readouterr().out.splitlines()
    assert any("resnet18" in line and line.rstrip().endswith(sign) for line in lines)
    assert any(line.startswith(f"{sign} {mark.text}") for line in lines)


def test_every_table_shows_pooling_size_and_width_where_they_are_declared(capsys: pytest.CaptureFixture[str]) -> None:
    declared = {"layer": 2, "pooling": "cls+avg", "input_size": 518, "feature_dim": 768}
    board = boards([record(**V2, encoder=declared)])
    assert "& 768 & cls+avg, layer 2 & 518" in latex_tables(board)
    assert "768" not in latex_tables(boards([record(encoder={"feature_dim": 768})]))
    print_board(board[0])
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("features", "pooling", "px", "768", "cls+avg, layer 2", "518"))
    (row,) = flat_rows(board)
    assert (row["layer"], row["pooling"], row["input_size"], row["feature_dim"]) == (2, "cls+avg", 518, 768)


PLUGIN = """
from artbench import hookimpl
from artbench.specs import DatasetSpec, TaskSpec


@hookimpl
def register_datasets(register):
    register(DatasetSpec(name="a", description="Images.", factory="no:a", source="a drawer", layout="*.jpg"))


@hookimpl
def register_tasks(register):
    stated = {"dataset": "a", "target": "single-label", "primary_metric": "accuracy", "factory": "no:b"}
    register(TaskSpec(name="a-b", description="Which b.", **stated))
"""


def test_a_description_has_no_full_stop_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "ab.py").write_text(PLUGIN, encoding="utf-8")
    known = literature(load_plugins([tmp_path / "ab.py"], only=""))["a-b"]
    assert (known.description, known.dataset) == ("Which b", "Images")
