"""Changed records: harmful changes are faults, harmless ones pass, and none ends the check."""

import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from artbench.leaderboard.validation.check import KnownTask, check_folder
from artbench.leaderboard.validation.findings import Report, shown
from artbench.plugins.loading import load_plugins
from artbench.records.record import Record
from artbench.runtime.progress import Silent
from artbench.stats import scoring
from artbench.stats.bootstrap import Sampled
from artbench.stats.metrics import sample
from tests.support.mutants import HARMFUL, HARMLESS, Mutation, Submission

PUBLISHED = Path(__file__).resolve().parents[4] / "leaderboards"
_SEED = 7
_PER_BOARD = 3
_BESIDE = 5


_KNOWN: dict[Any, Mapping[str, Sampled]] = {}


@pytest.fixture(autouse=True)
def _remembering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute the metrics of the same predictions once, not once a batch."""

    def remembered(labels: Any, outputs: Any, **settings: Any) -> Mapping[str, Sampled]:
        key = (labels.tobytes(), outputs.tobytes(), outputs.shape, repr(settings))
        if key not in _KNOWN:
            _KNOWN[key] = sample(labels, outputs, **settings)
        return _KNOWN[key]

    monkeypatch.setattr(scoring, "sample", remembered)


@pytest.fixture(scope="module")
def tasks() -> Mapping[str, KnownTask]:
    return {spec.name: KnownTask(spec=spec) for _, spec in load_plugins(only="").tasks.specs()}


def checked(folder: Path, tasks: Mapping[str, KnownTask]) -> Report:
    # Later than every published record.
    now = datetime(2027, 1, 1, tzinfo=UTC)

    def known(record: Record) -> KnownTask:
        return tasks.get(record.task, KnownTask())

    return check_folder(folder, tasks=known, plugins=frozenset({"artbench"}), now=now, reporter=Silent())


def submitted(random: Random, folder: Path, mutations: list[Mutation]) -> tuple[dict[str, str], dict[str, str]]:
    """Copy some records of each leaderboard and change a few; return the files to be blamed, and all changed ones."""
    harmful, changed = {}, {}
    for board in sorted((PUBLISHED / "records").glob("sample-*")):
        files = sorted(file.stem for file in board.glob("*.json"))
        chosen = random.sample(files, _PER_BOARD + _BESIDE)
        (folder / "records" / board.name).mkdir(parents=True)
        for name in chosen:
            for file in board.glob(f"{name}.*"):
                shutil.copyfile(file, folder / "records" / board.name / file.name)
        here = [folder / "records" / board.name / f"{name}.json" for name in chosen]
        for file in here[:_PER_BOARD]:
            mutation = mutations.pop()
            submission = Submission(folder, file, here[_PER_BOARD:], random)
            mutation(submission)
            blamed = submission.blamed or submission.file
            changed[file.stem] = mutation.__name__
            if mutation in HARMFUL:
                harmful[shown(blamed.relative_to(folder / "records").as_posix())] = mutation.__name__
    return harmful, changed


@pytest.mark.integration
def test_every_change_is_judged_rightly(tmp_path: Path, tasks: Mapping[str, KnownTask]) -> None:
    judge(HARMFUL + HARMLESS * 2, tmp_path, tasks)


@pytest.mark.slow
def test_300_mutants(tmp_path: Path, tasks: Mapping[str, KnownTask]) -> None:
    judge(HARMFUL * 4 + HARMLESS * 8, tmp_path, tasks)


def judge(mutations: list[Mutation], place: Path, tasks: Mapping[str, KnownTask]) -> None:
    random = Random(_SEED)
    every = list(mutations)
    boards = len(list((PUBLISHED / "records").glob("sample-*")))
    every += random.choices(mutations, k=-len(every) % (_PER_BOARD * boards))
    random.shuffle(every)
    wrong = []
    while every:
        folder = place / str(len(every))
        harmful, changed = submitted(random, folder, every)
        found = {
            finding.name: finding.message for finding in checked(folder, tasks).findings if finding.status == "FAIL"
        }
        wrong += [f"passes: {name}, {file}" for file, name in harmful.items() if file not in found]
        # What lies beside a record that was harmed may be blamed too, and so may a record that it is a copy of.
        harmed = {Path(file).name.split(".parquet")[0].removesuffix(".json") for file in harmful}
        harmed |= {name for name, mutation in changed.items() if mutation not in {m.__name__ for m in HARMLESS}}
        innocent = [
            file
            for file, said in found.items()
            if not any(Path(file).name.startswith(name) for name in harmed)
            and not any(of.startswith(tuple(harmed)) for of in re.findall(r"[^/ ]+\.json", said))
        ]
        wrong += [f"refused: {file}, {changed.get(Path(file).stem, 'unchanged')}: {found[file]}" for file in innocent]
        shutil.rmtree(folder)
    assert not wrong, "\n".join(wrong)


def test_the_published_records_pass_without_findings(tasks: Mapping[str, KnownTask]) -> None:
    report = checked(PUBLISHED, tasks)
    assert report.records >= 30
    assert report.findings == ()
