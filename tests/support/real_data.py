"""Real paintings and label lists to test with, where they are at hand: `ARTBENCH_REAL_DATA`, or `../shared/data`."""

import os
from pathlib import Path

import pytest

REAL_DATA = Path(
    os.environ.get("ARTBENCH_REAL_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data"
).expanduser()

needs_real_data = pytest.mark.skipif(
    not REAL_DATA.is_dir(), reason="needs real paintings, which are not in the repository: set ARTBENCH_REAL_DATA"
)
