"""A cache that others can write to: nobody reads or overwrites what is not his own, and everybody can work."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from artbench.cli.main import artbench
from artbench.errors import ArtbenchError
from artbench.runtime.files import cache_folder, write_text

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no owners and modes of this kind")


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    monkeypatch.setenv("ARTBENCH_CACHE", str(folder))
    return folder


def test_a_cache_of_ones_own_is_used_as_it_is(shared: Path) -> None:
    shared.chmod(0o755)
    assert cache_folder() == shared


def test_in_a_shared_cache_each_user_has_a_folder(shared: Path) -> None:
    own = cache_folder()
    assert own == shared / f"user-{os.geteuid()}" == cache_folder()
    assert stat.S_IMODE(own.stat().st_mode) == 0o700


@pytest.mark.parametrize("mask", [0o000, 0o002])
def test_a_umask_that_lets_others_write_makes_a_cache_shared(
    shared: Path, mask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.chmod(0o755)
    monkeypatch.setattr("artbench.runtime.own_folder._is_private", lambda _: False)
    os.umask(mask)
    assert cache_folder().parent == shared


def test_a_group_of_one_is_nobody_else(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared.chmod(0o775)
    monkeypatch.setattr("artbench.runtime.own_folder._is_private", lambda _: True)
    os.umask(0o002)
    assert cache_folder() == shared


def test_a_planted_link_or_an_open_folder_is_refused(shared: Path, tmp_path: Path) -> None:
    own = shared / f"user-{os.geteuid()}"
    (tmp_path / "precious").mkdir()
    own.symlink_to(tmp_path / "precious")
    with pytest.raises(ArtbenchError, match=r"shared .* ARTBENCH_CACHE"):
        cache_folder()
    own.unlink()
    own.mkdir()
    own.chmod(0o777)
    with pytest.raises(ArtbenchError, match="only you can write"):
        cache_folder()


def as_user(user: int) -> list[str]:
    """Look for a file in the cache as another user, write it, and say whether it was there and where it is."""
    cache_folder()  # Imports what the other user may not read.
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            file = cache_folder() / "features" / "a"
            said = f"{file.is_file()}\n{file}"
            write_text(file, "mine")
            os.write(writing, said.encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as answer:
        return answer.read().splitlines()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be two users")
def test_two_users_of_one_cache_work_and_read_nothing_of_each_other(shared: Path) -> None:
    folders = [shared, *shared.parents]
    modes = [(folder, folder.stat().st_mode) for folder in folders]
    for folder in folders[1:]:
        folder.chmod(folder.stat().st_mode | 0o011)
    try:
        said = [as_user(user) for user in (54_321, 54_322)]
    finally:
        for folder, mode in modes:
            folder.chmod(stat.S_IMODE(mode))
    assert said == [["False", str(shared / f"user-{user}" / "features" / "a")] for user in (54_321, 54_322)]
    assert Path(said[0][1]).read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give folders away")
def test_a_folder_of_another_user_is_shared_and_one_in_it_is_refused(shared: Path) -> None:
    shared.chmod(0o755)
    os.chown(shared, 54_321, -1)
    own = cache_folder()
    assert own.parent == shared
    os.chown(own, 54_321, -1)
    with pytest.raises(ArtbenchError, match="only you can write"):
        cache_folder()


def test_what_another_planted_is_not_read(shared: Path) -> None:
    write_text(shared / "features" / "x", "planted")
    assert not (cache_folder() / "features" / "x").exists()


def test_the_doctor_says_that_a_cache_is_shared(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = CliRunner().invoke(artbench, ["doctor"])
    assert f"{shared} is shared (everybody can write to it)" in done.output


def test_without_a_home_the_error_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ARTBENCH_CACHE", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(ArtbenchError, match="no home folder"):
        cache_folder()
