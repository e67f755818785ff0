"""Scores that take long are computed once, and again if the cache is damaged or the predictions change."""

import pytest
from click.testing import CliRunner

from artbench.cli.cache import cache
from artbench.records.folder import ResultsFolder
from artbench.runtime.files import cache_folder
from tests.support.ranked_results import board_of, fill


def test_slow_scores_are_computed_once_and_again_where_the_cache_is_damaged(folder: ResultsFolder) -> None:
    records = fill(folder, metric="macro_f1")
    expected = board_of(records, folder).ranking
    stored = sorted((cache_folder() / "ranks").glob("*.npz"))
    assert len(stored) == len(records)
    before = [file.stat().st_mtime_ns for file in stored]
    stored[0].write_bytes(stored[0].read_bytes()[:200])
    stored[1].write_bytes(b"nothing")
    assert board_of(records, folder).ranking == expected
    assert board_of(records, folder).ranking == expected
    assert [file.stat().st_mtime_ns for file in stored][2:] == before[2:]
    # Other predictions under the same name are noticed although scores are cached.
    folder.predictions_of(records[0]).write_bytes(folder.predictions_of(records[1]).read_bytes())
    assert list(board_of(records, folder).ranking.untested) == [records[0].id]


def test_scores_are_computed_again_wherever_a_bit_of_the_cache_has_changed(folder: ResultsFolder) -> None:
    record = fill(folder, metric="macro_f1")[0]
    expected = board_of([record], folder).ranking
    [stored, *_] = (cache_folder() / "ranks").glob("*.npz")
    sound = stored.read_bytes()
    for place in range(0, len(sound), 41):
        damaged = bytearray(sound)
        damaged[place] ^= 1 << place % 8
        stored.write_bytes(damaged)
        assert board_of([record], folder).ranking == expected, place


def test_cached_scores_are_listed_and_removed(folder: ResultsFolder) -> None:
    expected = board_of(records := fill(folder, metric="macro_f1"), folder).ranking
    (cache_folder() / "ranks" / "of-version-0.2.json").write_text("{}")
    shown = CliRunner().invoke(cache, [])
    assert "ranks" in shown.stdout
    other = cache_folder() / "ranks" / "mine.txt"
    other.write_text("not ours")
    assert CliRunner().invoke(cache, ["remove", "--ranks", "--all"]).exit_code == 2
    assert "no features are stored of 'resnet18'" in str(
        CliRunner().invoke(cache, ["remove", "resnet18", "--ranks"]).exception
    )
    assert CliRunner().invoke(cache, ["remove", "--ranks"]).stdout.startswith("ranks\t")
    assert list((cache_folder() / "ranks").iterdir()) == [other]
    assert "ranks" not in CliRunner().invoke(cache, []).stdout
    assert board_of(records, folder).ranking == expected


def test_only_slow_scores_are_cached(folder: ResultsFolder) -> None:
    assert board_of(fill(folder), folder).ranking.untested == {}
    assert not (cache_folder() / "ranks").exists()


def test_ranks_can_be_had_without_a_cache(folder: ResultsFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    records = fill(folder, metric="macro_f1")
    monkeypatch.setenv("ARTBENCH_CACHE", "/dev/null/no-folder")
    assert board_of(records, folder).ranking.untested == {}
