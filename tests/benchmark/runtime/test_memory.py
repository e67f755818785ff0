"""A container's limit of memory is respected, where there is one."""

from pathlib import Path

import pytest

from artbench.runtime import machine
from artbench.runtime.machine import free_bytes


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a system with 8 GB left, in a container that uses 3 MB, of which it can give 1 back."""
    system = tmp_path / "meminfo"
    system.write_text("MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n")
    monkeypatch.setattr(machine, "_SYSTEM", system)
    monkeypatch.setattr(machine, "_GROUP", tmp_path)
    (tmp_path / "memory.current").write_text("3000000\n")
    (tmp_path / "memory.stat").write_text("anon 2000000\nfile 1000000\ninactive_file 1000000\n")
    return tmp_path


@pytest.mark.parametrize(("limit", "free"), [("max", 8_192_000_000), ("5000000", 3_000_000), ("1", 0)])
def test_what_is_free_is_what_the_system_and_the_container_both_have(container: Path, limit: str, free: int) -> None:
    (container / "memory.max").write_text(f"{limit}\n")
    assert free_bytes("cpu") == free


def test_without_a_container_the_system_alone_counts(container: Path) -> None:
    assert free_bytes("cpu") == 8_192_000_000


def test_a_system_that_does_not_tell_has_some(container: Path) -> None:
    (container / "meminfo").unlink()
    assert free_bytes("cpu") > 1 << 20
