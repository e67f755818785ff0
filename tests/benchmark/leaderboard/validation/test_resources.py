"""What submitted records say they took of the machine: what can't be measured there is a fault."""

from datetime import UTC, datetime
from typing import Any

import pytest

from artbench.leaderboard.validation.fields import check_fields
from artbench.leaderboard.validation.findings import FileFindings
from artbench.runtime.findings import Finding
from tests.support.records import record

ON_CPU = {"device_s": 3.0, "memory_bytes": 2_000, "memory_by": "VmHWM", "energy_j": 9.0, "energy_by": "rapl"}
ON_GPU = {"device_s": 3.0, "memory_bytes": 2_000, "memory_by": "cuda", "reserved_bytes": 3_000}


def faults(device: str = "cpu", **timing: Any) -> list[str]:
    found: list[Finding] = []
    submitted = record(timing=timing, provenance={"device": device})
    check_fields(submitted, "single-label", now=datetime(2027, 1, 1, tzinfo=UTC), about=FileFindings("it", found))
    return [finding.message for finding in found if "timing" in finding.message]


def test_what_devices_tell_passes() -> None:
    assert faults(extraction=ON_CPU, probe=ON_CPU) == []
    assert faults("cuda", extraction=ON_GPU | {"energy_j": 5, "energy_by": "nvml"}, probe=ON_GPU) == []
    assert faults("mps", extraction={"device_s": 2}) == []


@pytest.mark.parametrize(
    ("device", "timing", "told"),
    [
        ("cpu", {"extraction": ON_GPU}, "timing.extraction: cuda does not measure on cpu"),
        ("cpu", {"probe": {"device_s": 1, "energy_j": 1, "energy_by": "nvml"}}, "timing.probe: nvml does not measure"),
        ("cuda", {"probe": {"device_s": 1, "energy_j": 1, "energy_by": "rapl"}}, "rapl does not measure on cuda"),
        ("mps", {"extraction": {"device_s": 1, "memory_bytes": 1, "memory_by": "sampled"}}, "does not measure on mps"),
        ("cuda", {"extraction": ON_GPU | {"reserved_bytes": 1_999}}, "more memory is allocated than reserved"),
        ("cpu", {"images_per_s": None, "extraction": ON_CPU}, "no image was extracted"),
    ],
)
def test_what_cannot_be_is_a_fault(device: str, timing: dict[str, Any], told: str) -> None:
    (fault,) = faults(device, **timing)
    assert told in fault
