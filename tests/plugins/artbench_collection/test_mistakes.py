"""An error in a collection is reported in one line, with what to do."""

import os
from pathlib import Path

import pytest

from artbench.errors import ArtbenchError, UsageError
from tests.plugins.artbench_collection.museum import STYLES, only, opened, touch, write_museum, write_table

MISTAKES = {
    "no column of paths": ("Datei,style\n1.jpg,a\n", r"no column of .*works\.csv is called path.*'Datei', 'style'"),
    "a path twice": ("path,style\n1.jpg,a\n./1.jpg,b\n", r"line 3: 1\.jpg is listed a second time, first in line 2"),
    "an absolute path": ("path,style\n/etc/passwd,a\n", r"line 2: the path '/etc/passwd' is absolute"),
    "a Windows drive": ("path,style\nD:\\scans\\1.jpg,a\n", r"line 2: the path .* is absolute"),
    "a path that leads out": ("path,style\n1.jpg,a\n..\\2.jpg,a\n", r"line 3: the path .* leads out of the folder"),
    "no path": ("path,style\n,a\n", r"line 2: the path '' names no file"),
    "nothing there": (
        "path,style\n6.jpg,a\n7.jpg,a\n8.jpg,b\n9.jpg,b\n",
        r"none of the 4 images .*6\.jpg for one.*pictures = ",
    ),
    "no rows": ("path,style\n", r"lists no image"),
    "one class": ("path,style\n1.jpg,a\n2.jpg,a\n", r"has no task: no column .* looks like labels"),
    "a split of another name": ("path,split\n1.jpg,train\n2.jpg,holdout\n", r"line 3: the split 'holdout' is none of"),
    "no test": ("path,style,split\n1.jpg,a,train\n2.jpg,b,\n", r"the column 'split' of .* names no test images"),
    "a row too short": ("path,style\n1.jpg\n", r"line 2: 1 values for the 2 columns"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_has_its_line(mistake: str, tmp_path: Path) -> None:
    text, reason = MISTAKES[mistake]
    touch(tmp_path, "1.jpg", "2.jpg")
    (tmp_path / "works.csv").write_text(text)
    with pytest.raises(ArtbenchError, match=reason) as caught:
        opened(f"collection:{tmp_path / 'works.csv'}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ("styles", r"no column of labels 'styles'\. Is it style\? There are style, painter, title"),
        ("title", r"a different value for every image, such as 'Ohne Titel 0'.*Is it a title"),
    ],
)
def test_a_column_that_is_no_task_is_reported(column: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=reason):
        only(f"{write_museum(tmp_path)}:{column}")


def test_a_column_of_one_value_is_reported(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg", "2.jpg")
    table = write_table(tmp_path / "works.csv", ("path", "style"), [("1.jpg", "a"), ("2.jpg", "a")])
    with pytest.raises(ArtbenchError, match=r"'style' of .* holds only the value 'a'\. A task needs at least two"):
        only(f"{table}:style")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tabel = 'works.csv'", r"there is no key 'tabel'\. Is it table\?"),
        ("labels = 'style'", r"labels is 'style', and should be a list of columns"),
        ("labels = [1]", r"labels is \[1\], and should be a list"),
        ("several = { style = '' }", r"several is .* and should be a table of columns and the separator"),
        ("table = 'gone.csv'", r"gone\.csv can't be read"),
        ("table = 'works.csv'\npath = 'Datei'", r"no column 'Datei'"),
        ("table = 'works.csv'\ngroup = 'paintre'", r"no column 'paintre'\. Is it painter\?"),
        ("table = 'works.csv'\nlabels = ['Style']", r"no column 'Style'\. Is it style or title\?"),
        ("pictures = 'nowhere'\ntable = 'works.csv'", r"no folder of images at .*nowhere"),
        ('table = "D:\\scans\\works.csv"', r"can't be read as TOML.*Windows paths"),
        ("table", r"can't be read as TOML"),
    ],
)
def test_each_mistake_in_a_toml_is_reported(text: str, reason: str, tmp_path: Path) -> None:
    write_museum(tmp_path)
    (tmp_path / "my.toml").write_text(text)
    with pytest.raises(ArtbenchError, match=reason):
        opened(f"collection:{tmp_path / 'my.toml'}")


def test_a_misspelt_path_is_reported_with_what_lies_beside_it(tmp_path: Path) -> None:
    table = write_museum(tmp_path)
    wrong = table.with_name(f"{table.stem}x.csv")
    with pytest.raises(UsageError, match=rf"there is nothing at '{wrong}'\. Is it {table}\? Give collection:PATH"):
        opened(f"collection:{wrong}:style")


def test_a_column_of_a_table_that_was_not_named_is_reported_with_the_table(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{name}/{n}.jpg" for name in ("north", "south") for n in range(4)))
    (tmp_path / "list.csv").write_text("path,style\n")
    reason = (
        rf"no column of labels 'style'\. There are class; list\.csv lies there .* name collection:{tmp_path}/list\.csv"
    )
    with pytest.raises(ArtbenchError, match=reason):
        only(f"{tmp_path}:style")


def test_what_is_no_collection_is_reported(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg")
    with pytest.raises(UsageError, match="there is nothing at 'nowhere'"):
        opened("collection:nowhere")
    with pytest.raises(UsageError, match="there is nothing at"):
        opened("collection:")
    with pytest.raises(ArtbenchError, match=r"1\.jpg is not a collection"):
        opened(f"collection:{tmp_path / '1.jpg'}")
    touch(tmp_path, "Liste.XLSX")
    with pytest.raises(ArtbenchError, match=r"Liste\.XLSX is not a collection\. Save it as CSV from the spreadsheet"):
        opened(f"collection:{tmp_path / 'Liste.XLSX'}")
    with pytest.raises(ArtbenchError, match=r"has no labels, and so no task: its images are in no folders"):
        opened(f"collection:{tmp_path}")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArtbenchError, match=r"holds no images\. They are known by their names, which end in \.bmp"):
        opened(f"collection:{tmp_path / 'empty'}")
    write_museum(tmp_path / "more")
    (tmp_path / "more" / "scans").rename(tmp_path / "scans")
    with pytest.raises(ArtbenchError, match=r"Is it collection:.*works\.csv\?"):
        opened(f"collection:{tmp_path / 'more'}")


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_a_listed_link_that_leads_out_is_refused_and_others_are_nobodys_business(tmp_path: Path) -> None:
    touch(tmp_path, "secret.jpg")
    table = write_museum(tmp_path / "museum")
    (tmp_path / "museum" / "scans" / "unlisted.jpg").symlink_to(tmp_path / "secret.jpg")
    assert len(only(f"{table}:style").dataset) == 30
    (tmp_path / "museum" / "scans" / "003.jpg").unlink()
    (tmp_path / "museum" / "scans" / "003.jpg").symlink_to(tmp_path / "secret.jpg")
    with pytest.raises(ArtbenchError, match=r"003\.jpg is a link that leads out"):
        only(f"{table}:style")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_table_that_is_a_pipe_or_a_device_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    os.mkfifo(tmp_path / "pipe.parquet")
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "endless.csv").symlink_to("/dev/zero")
    (tmp_path / "d.toml").write_text('table = "/dev/zero"')
    for name in ("pipe.csv", "pipe.parquet", "pipe.toml", "endless.csv", "d.toml"):
        with pytest.raises(ArtbenchError, match="not a regular file"):
            only(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows makes links for few users")
def test_links_to_themselves_and_pipes_are_no_images(tmp_path: Path) -> None:
    touch(tmp_path / "m", *(f"{style}/{k}.jpg" for style in STYLES for k in range(10)))
    table = write_museum(tmp_path / "t")
    for folder in (tmp_path / "m" / STYLES[0], tmp_path / "t" / "scans"):
        (folder / "self.jpg").symlink_to("self.jpg")
        (folder / "loop").symlink_to("loop")
        os.mkfifo(folder / "pipe.jpg")
    assert len(only(tmp_path / "m").dataset) == 30
    assert len(only(f"{table}:style").dataset) == 30


def test_names_are_kept_whole_or_refused_before_anything_is_computed(tmp_path: Path) -> None:
    persian = "نقاشی\u200cها"
    touch(tmp_path / persian, *(f"{style}/{k}.jpg" for style in (persian, "👩\u200d🎨") for k in range(10)))
    task = only(tmp_path / persian)
    assert task.spec.name == f"collection:{persian}:class"
    assert task.targets.classes == ("نقاشی\u200cها", "👩\u200d🎨")
    rows = [(f"{persian}/{style}/{k}.jpg", style) for style in (persian, "👩\u200d🎨") for k in range(10)]
    for column, title, said in (
        ("pay\u200cpal", "w", r"a record can't have the name .*U\+200C"),
        ("\u3164", "w", r"U\+3164"),
        ("x" * 250, "w" * 100, r"more than the 300"),
    ):
        table = write_table(tmp_path / f"{title}.csv", ("path", column), rows)
        with pytest.raises(ArtbenchError, match=said):
            only(f"{table}:{column}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Vincent\u00a0van Gogh", r"the class Vincent\\xa0van Gogh: it has invisible or odd characters, U\+00A0"),
        ("pay\u200cpal", r"the class .*: it has invisible or odd characters, U\+200C"),
        ("🎨\u200d", None),
        ("x" * 301, r"the class x{60}…: it has 301 characters, more than the 300"),
        ("https://example.org", None),
    ],
)
def test_a_class_that_a_record_can_not_have_is_refused_before_anything_is_computed(
    tmp_path: Path, name: str, said: str | None
) -> None:
    touch(tmp_path, *(f"{k}.jpg" for k in range(20)))
    table = write_table(tmp_path / "w.csv", ("path", "style"), [(f"{k}.jpg", ["b", name][k % 2]) for k in range(20)])
    if said is None:
        assert name in only(f"{table}:style").targets.classes
    else:
        with pytest.raises(ArtbenchError, match=said):
            only(f"{table}:style")


@pytest.mark.parametrize("column", ["Größe²", "www.example.org", "two  blanks"])
def test_a_column_that_the_check_of_records_refuses_is_refused_before_anything_is_computed(
    tmp_path: Path, column: str
) -> None:
    touch(tmp_path, *(f"{k}.jpg" for k in range(20)))
    table = write_table(tmp_path / "w.csv", ("path", column), [(f"{k}.jpg", "ab"[k % 2]) for k in range(20)])
    with pytest.raises(ArtbenchError, match="a record can't have the name"):
        only(f"{table}:{column}")
