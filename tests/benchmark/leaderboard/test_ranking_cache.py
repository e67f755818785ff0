"""What takes long is found once, and found again where it was damaged or something changed."""

import pytest
from click.testing import CliRunner

from artbench.cli.cache import cache
from artbench.leaderboard import ranking_cache
from artbench.records.folder import ResultsFolder
from artbench.runtime.files import cache_folder
from tests.support.ranked_results import board_of, fill


def test_what_takes_long_is_found_once_and_found_again_where_it_was_damaged(folder: ResultsFolder) -> None:
    records = fill(folder, metric="macro_f1")
    expected = board_of(records, folder).ranking
    kept = sorted((cache_folder() / "ranks").glob("*.npz"))
    assert len(kept) == len(records)
    before = [file.stat().st_mtime_ns for file in kept]
    kept[0].write_bytes(kept[0].read_bytes()[:200])
    kept[1].write_bytes(b"nothing")
    assert board_of(records, folder).ranking == expected
    assert board_of(records, folder).ranking == expected
    assert [file.stat().st_mtime_ns for file in kept][2:] == before[2:]
    # Other predictions under the same name are noticed although their evidence is kept.
    folder.predictions_of(records[0]).write_bytes(folder.predictions_of(records[1]).read_bytes())
    assert list(board_of(records, folder).ranking.untested) == [records[0].id]


def test_what_is_kept_is_listed_and_removed(folder: ResultsFolder) -> None:
    expected = board_of(records := fill(folder, metric="macro_f1"), folder).ranking
    shown = CliRunner().invoke(cache, [])
    assert f"in {cache_folder() / 'ranks'}, for ranks of leaderboards" in shown.stderr
    other = cache_folder() / "ranks" / "mine.txt"
    other.write_text("not ours")
    assert CliRunner().invoke(cache, ["remove", "--ranks", "--all"]).exit_code == 2
    assert "no features are stored of 'resnet18'" in str(
        CliRunner().invoke(cache, ["remove", "resnet18", "--ranks"]).exception
    )
    assert CliRunner().invoke(cache, ["remove", "--ranks"]).stdout.startswith("ranks\t")
    assert list((cache_folder() / "ranks").iterdir()) == [other]
    assert "for ranks" not in CliRunner().invoke(cache, []).stderr
    assert board_of(records, folder).ranking == expected


def test_the_ranking_of_a_large_leaderboard_is_kept_until_something_changes(
    folder: ResultsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = fill(folder)
    expected = board_of(records, folder).ranking
    assert not (cache_folder() / "ranks").exists()
    monkeypatch.setattr(ranking_cache, "_FEW", 1000)
    assert board_of(records, folder).ranking == expected
    (kept,) = (cache_folder() / "ranks").glob("*.json")
    written = kept.stat().st_mtime_ns
    assert board_of(records, folder).ranking == expected
    assert kept.stat().st_mtime_ns == written
    kept.write_text(kept.read_text()[:500])
    assert board_of(records, folder).ranking == expected
    folder.predictions_of(records[2]).unlink()
    assert list(board_of(records, folder).ranking.untested) == [records[2].id]
    assert board_of(records[:2], folder).ranking.places.keys() == {record.id for record in records[:2]}


def test_ranks_can_be_had_without_a_cache(folder: ResultsFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    records = fill(folder, metric="macro_f1")
    monkeypatch.setenv("ARTBENCH_CACHE", "/dev/null/no-folder")
    assert board_of(records, folder).ranking.untested == {}
