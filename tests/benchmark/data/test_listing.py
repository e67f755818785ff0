import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artbench.data.authoring.listing import check_inside, folders_in, image_id, images_in, listed_path
from artbench.errors import ArtbenchError


def _touch(root: Path, *names: str) -> None:
    for size, name in enumerate(names, start=1):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(bytes(size))


def test_images_are_known_by_their_suffix_and_hidden_files_are_none(tmp_path: Path) -> None:
    _touch(tmp_path, "a.jpg", "B.JPEG", "c d.Png", "Thumbs.db", "._a.jpg", ".DS_Store", "notes.txt", "sub/e.tif")
    (tmp_path / "folder.jpg").mkdir()
    assert images_in(tmp_path, dataset="d") == {"a.jpg": 1, "B.JPEG": 2, "c d.Png": 3}
    assert images_in(tmp_path, dataset="d", depth=1) == {"a.jpg": 1, "B.JPEG": 2, "c d.Png": 3, "sub/e.tif": 8}
    assert images_in(tmp_path / "nowhere", dataset="d") == {}
    assert folders_in(tmp_path, dataset="d") == ["folder.jpg", "sub"]


def test_a_link_may_stay_inside_but_not_lead_out(tmp_path: Path) -> None:
    _touch(tmp_path, "secret.jpg", "root/a.jpg", "store/b.jpg")
    (tmp_path / "root" / "again.jpg").symlink_to("a.jpg")
    assert sorted(images_in(tmp_path / "root", dataset="d")) == ["a.jpg", "again.jpg"]
    # The folder itself may be a link to another disk.
    (tmp_path / "linked").symlink_to(tmp_path / "store")
    assert list(images_in(tmp_path / "linked", dataset="d")) == ["b.jpg"]
    # What is no image may come from anywhere: it is not read.
    (tmp_path / "root" / "notes.txt").symlink_to(tmp_path / "secret.jpg")
    assert len(images_in(tmp_path / "root", dataset="d")) == 2
    (tmp_path / "root" / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    with pytest.raises(ArtbenchError, match=r"d: .*out\.jpg is a link that leads out of .*root"):
        images_in(tmp_path / "root", dataset="d")


def test_a_folder_that_is_a_link_leading_out_is_refused_too(tmp_path: Path) -> None:
    _touch(tmp_path, "elsewhere/a.jpg", "root/b.jpg")
    (tmp_path / "root" / "more").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArtbenchError, match=r"more is a link"):
        images_in(tmp_path / "root", dataset="d", depth=1)
    with pytest.raises(ArtbenchError, match=r"leads out"):
        check_inside(tmp_path / "root" / "more" / "a.jpg", tmp_path / "root", dataset="d")
    check_inside(tmp_path / "root" / "b.jpg", tmp_path / "root", dataset="d")
    # A neighbour whose name only begins alike is outside.
    with pytest.raises(ArtbenchError, match=r"leads out"):
        check_inside(tmp_path / "rooted", tmp_path / "root", dataset="d")


def test_all_folders_are_looked_into_but_those_of_file_servers_and_none_twice_on_the_way(
    tmp_path: Path,
) -> None:
    deep = "/".join(["below"] * 60)
    _touch(tmp_path, "a.jpg", f"{deep}/b.jpg", ".hidden/c.jpg", "@eaDir/a.jpg/XL.jpg", "__MACOSX/a.jpg", "one/d.jpg")
    (tmp_path / "one" / "up").symlink_to(tmp_path)
    (tmp_path / "one" / "other").symlink_to(tmp_path / "two")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "back").symlink_to(tmp_path / "one")
    (tmp_path / "two" / "e.jpg").touch()
    found = ["a.jpg", f"{deep}/b.jpg", "one/d.jpg", "one/other/e.jpg", "two/back/d.jpg", "two/e.jpg"]
    assert sorted(images_in(tmp_path, dataset="d", depth=None)) == found


def test_an_id_is_alike_on_every_system_and_can_be_written_down() -> None:
    assert image_id("Saal/cafe\u0301.jpg") == image_id("Saal/caf\u00e9.jpg") == "Saal/caf\u00e9.jpg"
    broken = [image_id(os.fsdecode(name)) for name in (b"caf\xe9.jpg", b"caf\xe8.jpg")]
    assert len({name.encode() for name in broken}) == 2


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ("a.jpg", "a.jpg"),
        (" ./a b/c.jpg ", "a b/c.jpg"),
        ("scans\\2019\\c.jpg", "scans/2019/c.jpg"),
        (".\\c.jpg", "c.jpg"),
        ("cafe\u0301.jpg", "caf\u00e9.jpg"),
        ("a..b/...jpg", "a..b/...jpg"),
        ("joaqu\u00e3\u00adn.jpg", "joaqu\u00e3\u00adn.jpg"),
    ],
)
def test_a_listed_path_has_one_spelling(path: str, spelled: str) -> None:
    assert listed_path(path) == spelled


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../a.jpg", "leads out"),
        ("a/../../b.jpg", "leads out"),
        ("a/..", "leads out"),
        ("..\\a.jpg", "leads out"),
        ("/etc/passwd.jpg", "absolute"),
        ("\\\\server\\share\\a.jpg", "absolute"),
        ("C:\\scans\\a.jpg", "absolute"),
        ("c:a.jpg", "absolute"),
        ("a\0.jpg", "control"),
        ("a\n.jpg", "control"),
        ("", "names no file"),
        (".", "names no file"),
        ("folder/", "names no file"),
        ("folder/.", "names no file"),
        ("./ a.jpg", "begins or ends"),
        ("./C:/a.jpg", "absolute"),
        ("a/\ud800.jpg", "surrogates"),
        (f"{'a' * 256}/b.jpg", "255 letters"),
    ],
)
def test_a_listed_path_that_might_lead_out_is_refused(path: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        listed_path(path)


@given(st.text(st.sampled_from("./\\aA:\0 é~\n")) | st.text())
def test_whatever_is_listed_stays_inside_or_is_refused(path: str) -> None:
    try:
        spelled = listed_path(path)
    except ValueError:
        return
    inside = os.path.normpath(os.path.join("/root/of/pictures", spelled))  # noqa: PTH118  as text, on any system
    assert inside.startswith("/root/of/pictures/")
    assert listed_path(spelled) == spelled


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser can read everything")
def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(ArtbenchError, match="closed can't be read"):
        images_in(tmp_path / "closed", dataset="d")
