"""Which records of a folder are verified."""

from pathlib import Path

import pytest

from artbench.errors import ArtbenchError, UsageError
from artbench.leaderboard.validation.files import survey
from artbench.verify.workflow import records_in


def test_links_to_records_and_to_their_folders_are_not_followed(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "results" / "records" / "task", tmp_path / "elsewhere"
    folder.mkdir(parents=True)
    elsewhere.mkdir()
    for file in (folder / "a.json", elsewhere / "b.json"):
        file.write_text("{}")
    (folder / "link.json").symlink_to(elsewhere / "b.json")
    (folder.parent / "other").symlink_to(elsewhere)
    for place in (tmp_path / "results", folder.parent, folder):
        assert list(records_in([place])) == [folder / "a.json"]
    with pytest.raises(ArtbenchError, match="is a symbolic link"):
        list(records_in([folder.parent / "other"]))
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "records").symlink_to(folder.parent)
    with pytest.raises(UsageError, match="no records"):
        list(records_in([tmp_path / "whole"]))


def test_a_folder_that_is_a_link_or_lies_in_one_is_not_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pull request, a folder may have become a link to another repository's."""
    folder = tmp_path / "trusted" / "leaderboards" / "records" / "task"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text("{}")
    submitted = tmp_path / "submitted"
    submitted.mkdir()
    (submitted / "leaderboards").symlink_to("../trusted/leaderboards")
    (tmp_path / "whole").symlink_to("trusted")
    monkeypatch.chdir(tmp_path)
    for place in ("submitted/leaderboards", "whole/leaderboards", str(submitted / "leaderboards")):
        with pytest.raises(ArtbenchError, match="is a symbolic link, which is not followed"):
            list(records_in([Path(place)]))
        with pytest.raises(ArtbenchError, match="is a symbolic link, which is not followed"):
            survey(Path(place), [])
    with pytest.raises(ArtbenchError, match="is a symbolic link"):
        list(records_in([Path("whole/leaderboards/records/task/a.json")]))
    # A link that leads to where the command runs is the user's own.
    (tmp_path / "mine").symlink_to("trusted")
    monkeypatch.chdir(tmp_path / "mine")
    assert survey(Path("leaderboards"), []).records == ("task/a.json",)
    assert len(list(records_in([Path("leaderboards"), tmp_path / "mine" / "leaderboards"]))) == 2
