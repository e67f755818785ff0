"""Where the real data for development lies, if it is there: `../shared/data` beside the repository."""

from pathlib import Path

import pytest

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

needs_real_data = pytest.mark.skipif(
    not REAL_DATA.is_dir(), reason=f"needs the development data, which is not in the repository: {REAL_DATA.name}"
)
