"""A process whose unit another has taken over does not count that as a failure of the unit."""

import time
from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from artbench.matrix.state import MatrixState
from artbench.matrix.units import Unit
from artbench.matrix.work import work
from artbench.runtime import lease
from artbench.runtime.lease import LeaseLost, check_held
from tests.support.reporters import RecordingReporter


def test_what_fails_since_another_took_the_unit_over_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "TIME_TO_LIVE", 1.0)
    unit = Unit(id="1" * 16, kind="measure", backbones=("net",), pretraining="random", dataset="d", tasks=("t",))
    state = MatrixState(tmp_path)

    begun = []

    def perform(unit: Unit) -> dict[str, str]:
        begun.append(unit)
        (tmp_path / "leases" / unit.id / "000002").write_text('{"released": true}')
        time.sleep(0.6)
        try:
            check_held()
        except LeaseLost as lost:
            # As a run does, which tells what failed at its end.
            raise ArtbenchError(f"net on d failed: {lost}") from lost
        return {}

    listener = RecordingReporter()
    assert work([unit], state, perform, wait=False, reporter=listener) == []
    # The other has released it, so it was done once more.
    assert begun == [unit, unit]
    assert state.tries(unit.id) == 0
    assert "stood still" in listener.notices[0]
