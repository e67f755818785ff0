"""Checkpoints changed at random: each is read or refused in one line, none acts, none takes much memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def fuzz(place: Path, seeds: range) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.fuzzed_checkpoints", str(place), str(seeds.start), str(seeds.stop)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    print(found)
    assert found["wrong"] == []
    assert found["read"]
    assert found["refused"] > found["read"]
    assert found["megabytes"] < 1_000


@pytest.mark.integration
def test_a_few_mutants(tmp_path: Path) -> None:
    fuzz(tmp_path, range(100))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_2000_mutants(tmp_path: Path) -> None:
    fuzz(tmp_path, range(1_000, 3_000))
