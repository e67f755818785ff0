"""Records and tables changed at random: none passes that should not, takes much, or reads a file outside its folder."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artbench.records.folder import ResultsFolder, read_record, write_record
from artbench.records.predictions import StoredPredictions, read_predictions
from artbench.records.record import SUFFIXES
from tests.support.fuzzed_submissions import fuzzed

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[4]
MEGABYTES, SECONDS = 1_000, 60
# Values that are recomputed from predictions, up to what other machines round otherwise.
_ROUNDING = 2e-4


def checked(folders: list[Path]) -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.check_fuzzed", *map(str, folders)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=SECONDS * len(folders),
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {found["folder"]: found for found in map(json.loads, done.stdout.splitlines())}


def is_false(mutant: Path, original: Path) -> str:
    """Say what a mutant that passes claims beyond its original; empty if only what no check can know, or nothing."""
    (file,) = mutant.glob("records/*/*.json")
    ours, theirs = read_record(file), read_record(original)
    if (ours.id, ours.dataset.test, ours.dataset.classes) != (theirs.id, theirs.dataset.test, theirs.dataset.classes):
        return "another measurement"
    for name, metric in theirs.metrics.items():
        found = ours.metrics.get(name)
        if found is None or (abs(found.value - metric.value) > _ROUNDING and name != "top5_accuracy"):
            return f"another {name}"
    here, there = both(file, original)
    same = np.array_equal(here.labels, there.labels)
    if here.predicted is not None and there.predicted is not None:
        same = same and np.array_equal(here.predicted, there.predicted)
    if not same:
        return "other predictions"
    if renames(mutant, original) and not tells_of_other_images(mutant, original):
        return "other images, beside another record too"
    return ""


def both(file: Path, original: Path) -> tuple[StoredPredictions, StoredPredictions]:
    here, there = (read_predictions(one.with_suffix(".parquet"), read_record(one)) for one in (file, original))
    return here, there


def renames(mutant: Path, original: Path) -> bool:
    """Whether a mutant gives other ids to its images.

    Alone and without the data nothing can refute that: it is what an honest run on images of these ids writes.
    """
    (file,) = mutant.glob("records/*/*.json")
    here, there = both(file, original)
    return not np.array_equal(here.images, there.images)


def with_neighbour(mutant: Path, original: Path) -> Path:
    """Put a record that was measured on the original's test into the folder of a mutant."""
    record = read_record(original)
    neighbour = record.model_copy(update={"backbone": "neighbour"})
    file = ResultsFolder(mutant).file_of(neighbour)
    write_record(file, neighbour)
    for suffix in SUFFIXES:
        if original.with_suffix(suffix).exists():
            shutil.copyfile(original.with_suffix(suffix), file.with_suffix(suffix))
    return mutant


def tells_of_other_images(mutant: Path, original: Path) -> bool:
    """Whether the check says that it can't tell the images, and tells them as soon as there is another record."""
    told = any("test images" in what for what in checked([mutant])[str(mutant)]["unchecked"])
    faults = checked([with_neighbour(mutant, original)])[str(mutant)]["faults"]
    (name,) = (file.name for file in mutant.glob("records/*/*.json") if read_record(file).backbone != "neighbour")
    return told and any(name in fault and "test images or their labels" in fault for fault in faults)


def fuzz(seeds: range, place: Path, *, release: str = "artbench-0.1.0", batch: int = 25) -> Counter[str]:
    """Check the mutants of some seeds, and count the changes that passed."""
    passed: Counter[str] = Counter()
    wrong, most, longest = [], 0.0, 0.0
    for start in range(seeds.start, seeds.stop, batch):
        made = {}
        for seed in range(start, min(start + batch, seeds.stop)):
            folder = place / f"{seed}"
            made[str(folder)] = (seed, *fuzzed(seed, folder, release=release))
        found = checked([Path(folder) for folder in made])
        assert found.keys() == made.keys()
        for name, (seed, original, change) in made.items():
            one = found[name]
            most, longest = max(most, one["megabytes"]), max(longest, one["seconds"])
            if one["outside"]:
                wrong.append(f"{seed} ({change}) opened {one['outside'][:3]}")
            if one["seconds"] > SECONDS or one["megabytes"] > MEGABYTES:
                wrong.append(f"{seed} ({change}) took {one['seconds']:.0f} s and {one['megabytes']:.0f} MB")
            if not one["faults"]:
                passed[change] += 1
                if claim := is_false(Path(name), original):
                    wrong.append(f"{seed} ({change}) passes with {claim}")
            if any("the check failed" in fault for fault in one["faults"]):
                wrong.append(f"{seed} ({change}): {one['faults'][0]}")
        for left in place.iterdir():
            left.unlink() if left.is_symlink() or left.is_file() else shutil.rmtree(left)
        done = start + len(made) - seeds.start
        print(f"{done} mutants, passed {dict(passed)}; at most {most:.0f} MB and {longest:.1f} s", *wrong, flush=True)
    assert not wrong, "\n".join(wrong)
    return passed


@pytest.mark.parametrize("release", ["artbench-0.1.0", "artbench-0.2.0"])
def test_a_few_mutants(tmp_path: Path, release: str) -> None:
    fuzz(range(16), tmp_path, release=release, batch=16)


def test_other_images_are_told_beside_another_record(tmp_path: Path) -> None:
    original, _ = fuzzed(1747, tmp_path)
    assert renames(tmp_path, original)
    assert not checked([tmp_path])[str(tmp_path)]["faults"]
    assert tells_of_other_images(tmp_path, original)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("release", "mutants"), [("artbench-0.1.0", 1_000), ("artbench-0.2.0", 500)])
def test_1000_mutants(tmp_path: Path, release: str, mutants: int) -> None:
    passed = fuzz(range(1_000, 1_000 + mutants), tmp_path, release=release)
    # Nothing in the place of a file, and no bomb, is let through.
    assert not passed.keys() & {"_place", "_bomb", "_bomb_of_lists"}
