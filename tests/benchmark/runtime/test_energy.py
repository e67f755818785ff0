"""Energy by counters that a folder or a module stands in for: no such counters can be had on most machines."""

import sys
from pathlib import Path

import pytest

from artbench.runtime.energy import Rapl, energy_meter
from artbench.runtime.resources import Measuring, Resources, combined

FULL = 65_532_610_987


def zone(folder: Path, name: str, label: str, counted: int) -> Path:
    place = folder / name
    place.mkdir()
    (place / "name").write_text(f"{label}\n")
    (place / "max_energy_range_uj").write_text(f"{FULL}\n")
    (place / "energy_uj").write_text(f"{counted}\n")
    return place / "energy_uj"


def test_packages_and_their_memory_count_and_parts_of_a_package_do_not(tmp_path: Path) -> None:
    counters = [
        zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000),
        zone(tmp_path, "intel-rapl:1", "package-1", 2_000_000),
        zone(tmp_path, "intel-rapl:0:1", "dram", 3_000_000),
        zone(tmp_path, "intel-rapl:0:0", "core", 0),
        zone(tmp_path, "intel-rapl:2", "psys", 0),
        zone(tmp_path, "intel-rapl-mmio:0", "package-0", 0),
    ]
    meter = energy_meter("cpu", powercap=tmp_path)
    assert meter is not None
    assert meter.read() == 0
    for counter in counters:
        counter.write_text(f"{int(counter.read_text()) + 500_000}\n")
    assert meter.read() == pytest.approx(1.5)


def test_a_counter_that_begins_again_is_followed(tmp_path: Path) -> None:
    counter = zone(tmp_path, "intel-rapl:0", "package-0", FULL - 2_000_000)
    meter = Rapl.opened(tmp_path)
    assert meter is not None
    counter.write_text("1000000\n")
    assert meter.read() == pytest.approx(3)
    # And once more.
    counter.write_text(f"{FULL - 1}\n")
    meter.read()
    counter.write_text("0\n")
    assert meter.read() == pytest.approx(2 + FULL / 1e6)


@pytest.mark.parametrize("content", ["", "many"])
def test_a_counter_that_can_not_be_read_is_no_counter_and_never_half_a_number(content: str, tmp_path: Path) -> None:
    counter = zone(tmp_path, "intel-rapl:0", "package-0", 5)
    meter = Rapl.opened(tmp_path)
    assert meter is not None
    counter.write_text(content)
    assert Rapl.opened(tmp_path) is None
    assert meter.read() is None
    counter.write_text("7\n")
    assert meter.read() is None


def test_without_counters_there_is_no_energy(tmp_path: Path) -> None:
    with Measuring("cpu", powercap=tmp_path / "none") as measured:
        pass
    assert (measured.resources.energy_j, measured.resources.energy_by) == (None, None)


def test_a_block_has_the_energy_of_its_time(tmp_path: Path) -> None:
    counter = zone(tmp_path, "intel-rapl:0", "package-0", 10)
    with Measuring("cpu", powercap=tmp_path) as measured:
        counter.write_text("4000010\n")
    assert measured.resources.energy_j == pytest.approx(4)
    assert measured.resources.energy_by == "rapl"


PYNVML = """
class NVMLError(Exception):
    pass
COUNTED = {"GPU-abc": 5000}
def nvmlInit():
    pass
def nvmlDeviceGetHandleByUUID(uuid):
    if uuid not in COUNTED:
        raise NVMLError("Not Found")
    return uuid
def nvmlDeviceGetTotalEnergyConsumption(handle):
    return COUNTED[handle]
"""


def test_a_gpu_counts_in_millijoules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from artbench.runtime.energy import Nvml

    (tmp_path / "pynvml.py").write_text(PYNVML)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    assert Nvml.opened("another") is None
    meter = Nvml.opened("abc")
    assert meter is not None
    assert meter.by == "nvml"
    counted = sys.modules["pynvml"].COUNTED
    counted["GPU-abc"] = 12_500
    assert meter.read() == pytest.approx(7.5)
    monkeypatch.delitem(sys.modules, "pynvml")


def test_several_processes_add_their_seconds_and_share_a_counter() -> None:
    def took(seconds: float, memory: int, meter: str, joules: float) -> dict[str, object]:
        return {
            "device_s": seconds,
            "memory_bytes": memory,
            "memory_by": "VmHWM",
            "reserved_bytes": None,
            "joules": {meter: joules},
            "energy_by": "rapl",
        }

    found = combined([took(2, 100, "a", 5), took(3, 300, "a", 6), took(4, 200, "b", 7)])
    assert (found.device_s, found.memory_bytes, found.energy_j) == (9, 300, 13)
    assert found == Resources(
        device_s=9, memory_bytes=300, memory_by="VmHWM", joules={"a": 6, "b": 7}, energy_by="rapl"
    )
