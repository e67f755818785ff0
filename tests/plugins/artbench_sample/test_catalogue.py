"""What is promised about the collection holds for its catalogue."""

from collections import Counter

from artbench_sample.catalogue import Work, draw_up
from artbench_sample.materials import MATERIALS
from artbench_sample.painters import PAINTERS
from artbench_sample.palettes import PALETTES
from artbench_sample.styles.book import STYLES
from artbench_sample.subjects import SUBJECTS


def test_the_counts_are_those_of_the_documentation(works: list[Work]) -> None:
    assert [work.index for work in works] == list(range(1, 1201))
    assert Counter(work.split for work in works) == {"train": 840, "test": 360}
    assert set(Counter(work.artist for work in works).values()) == {50}
    assert len({work.artist for work in works}) == 24
    assert {work.style for work in works} == set(STYLES)
    assert len(STYLES) == len(MATERIALS) == 8


def test_every_class_is_in_train_and_test_and_alike_for_painters(works: list[Work]) -> None:
    for split, each in (("train", 35), ("test", 15)):
        part = [work for work in works if work.split == split]
        assert set(Counter(work.artist for work in part).values()) == {each}
        assert {work.style for work in part} == set(STYLES)
        assert min(sum(material in work.materials for work in part) for material in MATERIALS) >= 30


def test_every_copy_lies_on_the_other_side_of_the_split(works: list[Work]) -> None:
    by_index = {work.index: work for work in works}
    copies = [work for work in works if work.duplicate_of]
    assert Counter(work.split for work in copies) == {"test": 12, "train": 12}
    assert len({work.artist for work in copies}) == 24
    for copy in copies:
        original = by_index[copy.duplicate_of]
        assert {copy.split, original.split} == {"train", "test"}
        assert (copy.artist, copy.style, copy.materials, original.duplicate_of) == (
            original.artist,
            original.style,
            original.materials,
            0,
        )


def test_most_painters_work_in_one_style_only(works: list[Work]) -> None:
    styles = {painter.name: {work.style for work in works if work.artist == painter.name} for painter in PAINTERS}
    assert styles == {painter.name: set(painter.styles) for painter in PAINTERS}
    assert Counter(len(own) for own in styles.values()) == {1: 16, 2: 8}


def test_the_museums_go_with_the_painters(works: list[Work]) -> None:
    for painter in PAINTERS:
        own = [work.museum == "north" for work in works if work.artist == painter.name]
        assert abs(sum(own) / len(own) - painter.north) < 0.25


def test_painters_of_different_styles_share_palettes_and_subjects() -> None:
    for palette in PALETTES:
        assert len({painter.styles[0] for painter in PAINTERS if palette in painter.palettes}) >= 2
    for subject in SUBJECTS:
        assert len({painter.styles[0] for painter in PAINTERS if subject in painter.subjects}) >= 2


def test_transitional_images_borrow_from_another_style(works: list[Work]) -> None:
    borrowed = [work for work in works if work.influence]
    assert 0.2 < len(borrowed) / len(works) < 0.3
    assert all(work.influence in STYLES and work.influence != work.style for work in borrowed)


def test_another_seed_is_another_collection(works: list[Work]) -> None:
    assert draw_up(1) != works
