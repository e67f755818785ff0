"""What a memory map holds of the memory of the process."""

import sys
from pathlib import Path

import numpy as np
import pytest

from artbench.probe import features
from artbench.probe.features import Rows
from artbench.runtime.mapped import release

ROWS, WIDTH = 16_000, 1_024


def written(folder: Path) -> Path:
    file = folder / "features.npy"
    np.save(file, np.arange(ROWS * WIDTH, dtype=np.float32).reshape(ROWS, WIDTH))
    return file


def held(file: Path) -> int:
    """Bytes of a file's maps that are in the memory of the process."""
    if not sys.platform.startswith("linux"):
        pytest.skip("no /proc/self/smaps")
    found, own = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split(" ")[0]:
            own = line.endswith(str(file))
        elif own and line.startswith("Rss:"):
            found += 1024 * int(line.split()[1])
    return found


def test_what_was_read_leaves_the_memory_of_the_process_and_is_read_again(tmp_path: Path) -> None:
    file = written(tmp_path)
    mapped = np.load(file, mmap_mode="r")
    total = float(mapped.sum(dtype=np.float64))
    assert held(file) >= mapped.nbytes
    # Of a view too.
    release(mapped[10:20])
    assert held(file) == 0
    assert float(mapped.sum(dtype=np.float64)) == total


def test_what_was_written_to_a_private_map_stays(tmp_path: Path) -> None:
    mapped = np.load(written(tmp_path), mmap_mode="c")
    mapped[7] = -1
    release(mapped)
    assert (mapped[7] == -1).all()
    release(np.zeros(3))


@pytest.mark.integration
def test_reading_rows_in_pieces_holds_few_of_a_map_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path)
    monkeypatch.setattr(features, "_MAPPED", WIDTH * ROWS // 16)
    whole = Rows(np.load(file, mmap_mode="r"))
    most, values = 0, []
    for piece in whole.pieces(100):
        values.append(piece.copy())
        most = max(most, held(file))
    # The system maps some megabytes around what is read.
    assert most < 0.4 * ROWS * WIDTH * 4
    assert held(file) == 0
    assert (np.concatenate(values) == np.load(file)).all()


def test_rows_that_are_far_apart_leave_nothing_of_a_map_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path)
    positions = np.random.default_rng(0).permutation(ROWS)[:1_000]
    mapped = np.load(file, mmap_mode="r")
    for large in (False, True):
        if large:
            monkeypatch.setattr(features, "_MAPPED", WIDTH * ROWS // 16)
        for piece in Rows(mapped).select(positions).pieces(400):
            # A small map is left as it is.
            assert (held(file) == 0) is large
            assert piece.dtype == np.float32
        (found,) = Rows(mapped).select(positions).pieces(1_000)
        assert (found == np.load(file)[positions]).all()
        release(mapped)
