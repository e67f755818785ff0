import os
import unicodedata
from pathlib import Path

import pytest

from artbench.data.authoring.listing import match_files
from artbench_wikiart.dataset import open_wikiart
from artbench_wikiart.tasks import style_targets
from tests.support.releases.wikiart import rows, write_images, write_release

LISTED = "Impressionism/joaqu\u00e3\u00adn-sorolla_on-the-beach(1).jpg"
UTF8 = "joaqu\u00e3\u00adn".encode()
DECOMPOSED = unicodedata.normalize("NFD", "joaqu\u00e3\u00adn")


@pytest.mark.parametrize(
    "mangled",
    [
        DECOMPOSED,
        *(UTF8.decode(page) for page in ("cp437", "cp850", "cp866", "cp1251", "latin-1", "mac_roman", "koi8-r", "gbk")),
        *(DECOMPOSED.encode().decode(page) for page in ("cp437", "latin-1", "mac_roman")),
        unicodedata.normalize("NFD", UTF8.decode("latin-1")),
        UTF8.decode("cp437").encode().decode("cp437"),
        "joaqu\u00e3\u00adn".encode("latin-1").decode("cp437"),
        os.fsdecode(b"joaqu\xe3\xadn"),
        # What Info-ZIP's unzip 6.0 makes of archives written on Windows, and where the locale is C.
        os.fsdecode(b"joaqu+\xfa-\xa1n"),
        os.fsdecode(b"joaqua\xa6\xe2-\xa1n"),
        "joaqu#U00e3#U00adn",
        "joaqua#U0303#U00adn",
        "joaqu__n",
        "joaqu??n",
        "joaqu\ufffd\ufffdn",
        "joaqu\u00edn",
        unicodedata.normalize("NFD", "joaqu\u00edn"),
    ],
)
def test_a_mangled_name_is_found(mangled: str) -> None:
    file = f"Impressionism/{mangled}-sorolla_on-the-beach(1).jpg"
    others = [
        "Impressionism/joaqu\u00e3\u00adn-sorolla_on-the-beach(2).jpg",
        "Impressionism/joaqu\u00e3\u00adn-sorolla_on-the-beach.jpg",
        f"Realism/{mangled}-sorolla_on-the-beach(1).jpg",
        "Impressionism/joan-sorolla_on-the-beach(1).jpg",
    ]
    assert match_files([LISTED], [*others, file]) == {LISTED: file}


def test_the_file_of_exactly_the_name_comes_first() -> None:
    assert match_files([LISTED], [LISTED.replace("\u00e3\u00ad", "_"), LISTED]) == {LISTED: LISTED}


def test_two_files_that_come_into_question_are_no_match() -> None:
    files = [LISTED.replace("\u00e3\u00ad", "__"), LISTED.replace("\u00e3\u00ad", "#U00e3#U00ad")]
    assert match_files([LISTED], files) == {}


def test_two_paths_that_come_into_question_are_no_match() -> None:
    other = LISTED.replace("\u00e3\u00ad", "\u00e3\u00a9")
    assert match_files([LISTED, other], [LISTED.replace("\u00e3\u00ad", "__")]) == {}
    # Where one of them has its file, the mangled one can only be the other's.
    mangled = LISTED.replace("\u00e3\u00ad", "__")
    assert match_files([LISTED, other], [LISTED, mangled]) == {LISTED: LISTED, other: mangled}


def test_a_file_that_belongs_to_another_path_is_left_to_it() -> None:
    plain = "Impressionism/joaqun-sorolla_on-the-beach(1).jpg"
    assert match_files([LISTED, plain], [plain]) == {plain: plain}


def test_plain_names_match_exactly_or_not_at_all() -> None:
    assert match_files(["Realism/a-b_c.jpg"], ["Realism/a_b_c.jpg", "Realism/A-b_c.jpg"]) == {}


def test_mangled_files_keep_the_id_of_the_lists_and_lost_ones_are_named(tmp_path: Path) -> None:
    second = "Pointillism/georges-lacombe\u00e2\u00a0_some-waves.jpg"
    mangled = LISTED.replace("\u00e3\u00ad", UTF8.decode("cp437")[5:-1])
    write_images(write_release(tmp_path) / "wikiart", mangled)
    listed = rows(((unicodedata.normalize("NFD", LISTED), 0), (second, 1), ("Realism/not-there.jpg", 2)))
    (tmp_path / "wikiart_csv" / "style_train.csv").write_bytes(listed.encode())
    dataset = open_wikiart(tmp_path)
    assert dataset.files[dataset.rows[LISTED]] == f"wikiart/{mangled}"
    assert dataset.path(dataset.rows[LISTED]).is_file()
    assert style_targets(dataset).missing == [second, "Realism/not-there.jpg"]
