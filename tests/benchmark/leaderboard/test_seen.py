"""Records by what is known of test images in the training of their encoders."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from artbench.cli.main import artbench
from artbench.errors import ArtbenchError
from artbench.leaderboard.board import boards
from artbench.leaderboard.export.flat import flat_rows
from artbench.leaderboard.seen import knowledge, seen_as
from artbench.records.folder import ResultsFolder
from artbench.runtime.progress import Silent
from tests.support.ranked_results import fill
from tests.support.records import record

TRAINED = {"source": "timm/resnet18.a1_in1k"}
SEEN = {"corpus": "web", "state": "unknown", "evidence": "images of the web"}
POOL = {"sha256": "a" * 64, "images": 9, "datasets": {"toy": 9}}
TWO = {"images": 18, "datasets": {"toy": 9, "other": 9}}


@pytest.mark.parametrize(
    ("encoder", "state"),
    [
        (TRAINED | {"seen": SEEN}, "unknown"),
        (TRAINED | {"seen": SEEN | {"state": "clean"}}, "clean"),
        # As artbench 0.1 wrote them.
        (TRAINED, "unknown"),
        ({"source": "initialisation"}, "clean"),
        ({"parameters": 0}, "clean"),
        (TRAINED | {"pool": POOL | {"test_images": 0}}, "clean"),
        (TRAINED | {"pool": POOL | TWO | {"test_images": 0}}, "unknown"),
        (TRAINED | {"pool": POOL | {"test_images": None}}, "unknown"),
        (TRAINED | {"pool": POOL | TWO | {"test_images": 1}}, "contaminated"),
    ],
)
def test_what_is_known_of_a_record(encoder: dict[str, Any], state: str) -> None:
    one = record(encoder=encoder)
    assert knowledge(one) == state
    assert seen_as([one], [state, "clean"]) == seen_as([one], []) == [one]
    assert seen_as([one], {"clean", "unknown", "contaminated"} - {state}) == []


def test_a_table_for_other_programs_says_it() -> None:
    rows = flat_rows(boards([record(encoder=TRAINED | {"seen": SEEN}), record(0.4, backbone="b", encoder=TRAINED)]))
    assert [(row["corpus"], row["seen"]) for row in rows] == [("web", "unknown"), (None, "unknown")]


def test_show_and_export_take_the_rows_that_are_known_so(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path)
    states = ["clean", "unknown", "clean", "contaminated", "unknown"]
    for one, state in zip(fill(folder), states, strict=True):
        file = folder.file_of(one)
        content = json.loads(file.read_text())
        content["encoder"] |= {"seen": SEEN | {"state": state}}
        file.write_text(json.dumps(content))

    def said(*words: str) -> str:
        result = CliRunner().invoke(artbench, ["leaderboard", *words, "--results", str(tmp_path)])
        if isinstance(result.exception, ArtbenchError):
            raise result.exception
        return result.stdout

    export = ("export", "--format", "csv")
    assert [line.split(",")[11] for line in said(*export, "--seen", "clean").splitlines()[1:]] == ["a", "c"]
    assert len(said(*export, "--seen", "clean", "--seen", "unknown").splitlines()) == 1 + 4
    # Ranks are among the rows that are shown: c is third of all five.
    shown = [line.split()[:2] for line in said("show", "--seen", "clean").splitlines()]
    assert ["1", "a"] in shown
    assert ["2", "c"] in shown
    assert "b" not in {word for line in shown for word in line}
    # Markdown, apart from the pages of all rows, and it says what it leaves out.
    said("build", "--seen", "clean", "--seen", "clean", "--out", str(tmp_path / "clean"))
    pages = {file.name: file.read_text() for file in (tmp_path / "clean").iterdir()}
    assert "index.html" not in pages
    assert all("Only encoders whose training images are known so: clean (" in text for text in pages.values())
    page = next(text for name, text in pages.items() if name not in {"README.md", "OVERALL.md"})
    assert {name for name in "abcde" if f"| {name} |" in page} == {"a", "c"}
    with pytest.raises(ArtbenchError, match="--seen leaves rows out of the pages"):
        said("build", "--seen", "clean")
    folder.file_of(next(one for one in folder.records(Silent()) if knowledge(one) == "contaminated")).unlink()
    with pytest.raises(ArtbenchError, match=r"no records with --seen contaminated \(there are .*clean.*"):
        said("show", "--seen", "contaminated")
