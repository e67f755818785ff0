"""All tasks side by side: ranks are averaged, metrics never, and what was not measured is blank."""

from pathlib import Path

from artbench.leaderboard.board import boards
from artbench.leaderboard.build import build_pages
from artbench.leaderboard.markdown import index_page, task_page
from artbench.leaderboard.notes import Literature
from artbench.leaderboard.overall import overall, overall_page
from artbench.records.folder import ResultsFolder
from artbench.runtime.progress import Silent
from artbench.specs import INITIALISATION, Published, PublishedResult
from tests.support.records import record

PUBLISHED = Path(__file__).resolve().parents[3] / "leaderboards"


def test_what_is_missing_is_blank_and_has_no_average() -> None:
    records = [
        record(0.9, task="a", backbone="x"),
        record(0.8, task="a", backbone="y"),
        record(0.7, task="a", backbone="z"),
        record(0.6, task="b", backbone="x"),
        record(0.5, task="b", backbone="y"),
    ]
    page = overall_page(boards(records))
    rows = [line for line in page.splitlines() if line.startswith("| ") and "average" not in line]
    assert rows == [
        # Nothing could be tested: all are tied.
        "| 1.50 | 1 | x | random | 90.0 | 60.0 |",
        "| 1.50 | 1 | y | random | 80.0 | 50.0 |",
        "|  |  | z | random | 70.0 |  |",
    ]


def test_one_task_has_no_overall_page(tmp_path: Path) -> None:
    assert overall_page(boards([record()])) == ""
    assert {file.name for file in build_pages([record()], tmp_path)} == {"README.md", "toy-style.md"}


def test_points_are_those_of_the_tested_pairs_on_real_records() -> None:
    folder = ResultsFolder(PUBLISHED)
    found = overall(boards(folder.records(Silent()), folder.predictions_of))
    assert found is not None
    scores = [(float(rank.key), float(borda.key)) for rank, borda, *_ in found.rows if rank.key and borda.key]
    count = len(scores)
    assert sum(borda for _, borda in scores) == len(found.boards) * count * (count - 1) / 2
    assert sum(rank for rank, _ in scores) == sum(range(1, count + 1))
    assert scores[0][0] < scores[-1][0]


def test_of_two_tables_of_a_task_the_larger_counts_and_the_other_is_named() -> None:
    few = [record(task="a", protocol_hash="e" * 64), record(task="b")]
    many = [record(task="a", backbone=name) for name in "xyz"]
    page = overall_page(boards([*few, *many]))
    assert "Not taken: a (linear-v1 eeeeeeeeeeee" in page
    assert page.count("| x |") == 1


def test_of_tables_as_large_as_each_other_a_protocol_counts_before_its_variants() -> None:
    names = ("linear-v1-shots-4", "linear-v1", "own-probe-v1", "linear-v2")
    for turn in range(4):
        digests = dict(zip(names, "abcd"[turn:] + "abcd"[:turn], strict=True))
        given = [record(task="a", protocol=name, protocol_hash=digests[name] * 64) for name in names]
        page = overall_page(boards([*given, record(task="b")]))
        assert "(linear-v2 " not in page
        assert all(f"({name} " in page for name in names[:3])


def test_encoders_that_learnt_nothing_stand_apart() -> None:
    random, trained = record(0.3, backbone="r", encoder={"source": INITIALISATION}), record(0.6, backbone="t")
    page = task_page(boards([random, trained]))
    assert page.index("| t |") < page.index("learnt nothing") < page.index("| r |")
    assert page.count("| rank |") == 2


def test_published_results_are_shown_apart_and_escaped() -> None:
    difference = "<b>another</b> split"
    result = PublishedResult(work="Some|body 1999", metric="accuracy", value="54.5 %", difference=difference)
    page = task_page(boards([record()]), Literature(results=[result], size=Published(train=500, test=99)))
    assert "**This is a part of the task, which as published has 500 training and 99 test images.**" in page
    assert "a part of" not in task_page(boards([record()]), Literature(size=Published(test=40)))
    assert "| Some\\|body 1999 | accuracy 54.5 % | &lt;b&gt;another&lt;/b&gt; split |" in page


def test_a_page_has_the_question_of_the_task_and_how_a_checkpoint_was_pretrained() -> None:
    training = {
        "key": "1" * 64, "method": "moco-v2", "backbone": "resnet18", "settings": {}, "seed": 3, "steps": 859,
        "images_seen": 109_952, "batch_norm": "plain", "dtype": "float32", "unreadable": 0, "plugins": {},
    }  # fmt: skip
    pool = {"sha256": "2" * 64, "images": 4_017, "datasets": {"toy": 4_017}, "test_images": 0}
    trained = record(pretraining="run|1", encoder={"training": training, "pool": pool, "checkpoint_sha256": "3" * 64})
    page = task_page(boards([trained, record(0.4)]), Literature(description="in which style an image is"))
    assert "\nIn which style an image is.\n" in page
    (said,) = (line for line in page.splitlines() if line.startswith("- "))
    assert said == (
        "- resnet18, run\\|1 (33333333): moco-v2, 859 steps, 109,952 images seen, of 4,017 in the pool (toy), "
        "none of which is a test image; seed 3."
    )
    stretch = {"from_step": 0, "device": "cpu", "dtype": "float32", "artbench": "1", "torch": "2", "plugins": {}}
    training["stretches"] = [stretch, stretch | {"from_step": 300, "dtype": "bfloat16", "torch": "3"}]
    page = task_page(boards([record(pretraining="run", encoder={"training": training})]))
    assert "; seed 3; from step 300 on with another dtype, torch." in page


def test_the_index_has_questions_sizes_and_numbers_of_ties() -> None:
    folder = ResultsFolder(PUBLISHED)
    records = (record for record in folder.records(Silent()) if record.task == "sample-artist")
    every = boards(records, folder.predictions_of)
    known = Literature(description="whose | it is", dataset="painted by code", size=Published(test=720))
    page = index_page(every, literature={"sample-artist": known})
    assert "| whose \\| it is |" in page
    assert "| 360 of 720 |" in page
    assert "- sample: painted by code." in page
    (row,) = (line for line in page.splitlines() if line.startswith("| [sample-artist]"))
    assert row.endswith(" | tf_efficientnet_lite0@layer=2, imagenet | 4 |")
    assert index_page(boards([record()])).splitlines()[-1].endswith("|  |")


def test_a_page_says_why_it_has_several_tables() -> None:
    page = task_page(boards([record(), record(dataset={"fingerprint": "f" * 64, "test": 39})]))
    assert "the data were in 2 states (39 and 40 test images)" in page
    page = task_page(boards([record(), record(task_version=2)]))
    assert "between its versions 1 and 2" in page
    older = record(dataset={"fingerprint": "1" * 64})
    newer = record(dataset={"fingerprint": "2" * 64, "listing": "1" * 64})
    page = task_page(boards([older, newer]))
    assert "older records state the sizes of their images, newer ones the contents" in page
    assert "states" not in page
