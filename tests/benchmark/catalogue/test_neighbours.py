"""`artbench neighbours` and `artbench.neighbours`: the table, what is kept, and what is refused."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import artbench
from tests.support.command_line import CommandLine
from tests.support.plugins import TOY
from tests.support.reporters import RecordingReporter
from tests.support.run_tasks import paint

WORDS = ("neighbours", "--backbone", "toy-patches", "--pretraining", "random", "--plugin", str(TOY), "--device", "cpu")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ARTBENCH_PLUGINS", "")
    monkeypatch.chdir(tmp_path)


def pictures(count: int = 12) -> Path:
    for number in range(count):
        paint(Path("pictures") / f"{number:02}.png", number, size=64)
    (Path("pictures") / "13 broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    return Path("pictures")


def test_the_table_has_the_neighbours_that_python_gets(command_line: CommandLine) -> None:
    done = command_line(*WORDS, "--images", str(pictures()), "--count", "3", "--out", "near.csv")
    assert done.returncode == 0, done.stderr
    assert "3 neighbours of each of 12 pictures; 1 can't be read" in done.stdout
    assert "hubness" in done.stdout
    with Path("near.csv").open(newline="", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == 36
    found = artbench.neighbours(
        images="pictures", backbone="toy-patches", pretraining="random", count=3, plugins=[TOY], device="cpu"
    )
    places, cosines, scaled = found.arrays()
    assert scaled is not None
    assert [row["neighbour"] for row in rows] == [found.images[place] for place in places.ravel().tolist()]
    np.testing.assert_allclose([float(row["cosine"]) for row in rows], cosines.ravel(), atol=1e-6)
    np.testing.assert_allclose([float(row["csls"]) for row in rows], scaled.ravel(), atol=1e-6)
    assert (np.diff(scaled, axis=1) <= 0).all()
    assert [row["rank"] for row in rows[:3]] == ["1", "2", "3"]
    about = json.loads(Path("near.about.json").read_text())
    assert about == found.as_json()
    assert [one["image"] for one in about["unreadable"]] == ["13 broken.jpg"]


def test_without_the_correction_they_are_the_nearest_by_cosine(command_line: CommandLine) -> None:
    given = ("--images", str(pictures()), "--out", "near.parquet", "--count", "100", "--correction", "none", "--json")
    done = command_line(*WORDS, *given)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["hubs"]) == {"cosine"}
    table = pq.read_table("near.parquet").to_pydict()
    assert list(table) == ["image", "rank", "neighbour", "cosine"]
    # All others.
    assert len(table["image"]) == 12 * 11
    features = artbench.neighbours(
        images="pictures",
        backbone="toy-patches",
        pretraining="random",
        count=2,
        corrected=False,
        plugins=[TOY],
        device="cpu",
    )
    places, cosines, scaled = features.arrays()
    assert (places.shape, scaled) == ((12, 2), None)
    assert table["cosine"][:2] == pytest.approx(cosines[0].tolist(), abs=1e-6)


def test_the_neighbours_of_the_toy_have_its_colour() -> None:
    found = artbench.neighbours(
        images="toy", backbone="toy-patches", pretraining="random", count=1, plugins=[TOY], device="cpu"
    )
    places, _, _ = found.arrays()
    colours = np.array([int(name[:3]) % 3 for name in found.images])
    assert (colours[places[:, 0]] == colours).mean() > 0.5


def test_a_stopped_call_goes_on_to_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from artbench.catalogue import nearest

    monkeypatch.setattr(nearest, "_BLOCKS", {"cpu": (8, 16)})

    def find(out: str, reporter: RecordingReporter) -> None:
        artbench.neighbours(
            images="toy",
            backbone="toy-patches",
            pretraining="random",
            out=out,
            plugins=[TOY],
            device="cpu",
            reporter=reporter,
        )

    def stop() -> None:
        if stopping.works[-1].endswith("corrected"):
            raise KeyboardInterrupt

    stopping = RecordingReporter(stop)
    with pytest.raises(KeyboardInterrupt):
        find("near.csv", stopping)
    assert not Path("near.csv").exists()
    resumed = RecordingReporter()
    find("near.csv", resumed)
    assert resumed.notes.count("done before") == 2
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "fresh"))
    find("fresh.csv", RecordingReporter())
    assert Path("near.csv").read_bytes() == Path("fresh.csv").read_bytes()


def test_the_cache_lists_and_removes_what_is_kept(command_line: CommandLine) -> None:
    assert command_line(*WORDS, "--images", str(pictures()), "--out", "near.csv").returncode == 0
    assert "neighbours" in command_line("cache").stdout
    assert command_line("cache", "remove", "--kind", "neighbours").returncode == 0
    assert not list(Path("cache/neighbours").iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--images", "absent/folder"), "there is no folder"),
        (("--images", "toy", "--backbone", "toy-patchs"), "The nearest: toy-patches"),
        (("--images", "toy", "--out", "near.txt"), "neither a .csv nor a .parquet"),
        (("--images", "toy", "--pretraining", "absent.pt"), "absent.pt"),
    ],
)
def test_wrong_usage_is_status_two_and_nothing_is_written(
    command_line: CommandLine, words: tuple[str, ...], said: str
) -> None:
    done = command_line(*WORDS, "--out", "near.csv", *words)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert said in done.stderr
    assert not Path("near.csv").exists()


def test_one_picture_has_no_neighbours(command_line: CommandLine) -> None:
    done = command_line(*WORDS, "--images", str(pictures(1)), "--out", "near.csv")
    assert done.returncode == 1
    assert "neighbours take two" in done.stderr
