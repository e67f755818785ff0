"""The paragraph on methods says what the protocol and the records say."""

import re
from typing import Any

import pytest

from artbench.errors import ArtbenchError
from artbench.leaderboard.board import boards
from artbench.leaderboard.export.methods import methods
from artbench.protocol import LINEAR_V1, LINEAR_V2, Protocol
from artbench.records.record import Record
from tests.support.records import record

V2: dict[str, Any] = {"protocol": LINEAR_V2.name, "protocol_hash": LINEAR_V2.hash}


def _text(protocol: Protocol, *, sources: dict[str, str] | None = None, metric: str = "accuracy") -> str:
    encoder = record().encoder.model_dump() | {"layer": 2, "pooling": "max", "input_size": 224}
    rows = [
        record(protocol=protocol.name, protocol_hash=protocol.hash),
        record(backbone="vit@layer=2", protocol=protocol.name, protocol_hash=protocol.hash, encoder=encoder),
    ]
    return methods(boards(rows), sources=sources or {})


def test_it_names_images_features_probe_and_intervals() -> None:
    text = _text(LINEAR_V2, sources={"toy": "Toy and Toy, Toys, 2020"})
    assert (
        "We evaluated 2 frozen encoders on toy-style (version 1; 100 training and 40 test images, accuracy; [1])"
        in text
    )
    assert f"protocol linear-v2 (SHA-256 {LINEAR_V2.hash[:12]})" in text
    assert (
        "short side of 279 px, cropped at the centre to 244 x 244 px (256 and 224 x 224 px for vit@layer=2, random) and"
        in text
    )
    assert "vit@layer=2, random (layer 2 from the end, maximum pooling; 512 features; random weights of seed 0)" in text
    assert "The networks ran in float32 with torch 2.4.0 and timm 1.0.9. Random weights of seed 0 are one draw." in text
    assert "among 17 values from 10⁻⁶ to 100 by the mean loss" in text
    assert "\n1. Toy and Toy, Toys, 2020.\n2. The artbench developers, artbench" in text


def test_it_says_nothing_of_tasks_that_are_not_shown() -> None:
    text = _text(LINEAR_V2)
    assert "Brackets are 95 % exact binomial intervals [3]." in text
    for absent in ("painter", "group", "years", "calibration", "sigmoid", "leaving out"):
        assert absent not in text


def test_tasks_about_unseen_painters_have_folds_and_intervals_of_painters() -> None:
    grouped: dict[str, Any] = {"clusters": 12, "probe": {"groups": 30}} | V2
    alone = methods(boards([record(**grouped)]), sources={})
    assert "on 5 folds of whole painters" in alone
    assert "Brackets are 95 % intervals from leaving out each painter of the test images" in alone
    assert "a tenth" not in alone
    assert "exact" not in alone
    assert "Ranks" not in alone
    both = methods(boards([record(**grouped), record(task="toy-genre", **V2)]), sources={})
    assert "a tenth of the training images (for toy-style, on 5 folds of whole painters" in both
    assert "for toy-genre, exact binomial intervals" in both
    assert "for toy-style, intervals from leaving out each painter" in both


def test_errors_in_years_have_their_own_intervals() -> None:
    ridge = LINEAR_V2.for_years()
    error = {"mean_absolute_error": {"value": 20, "ci95": [15, 25], "unit": "years"}}
    content = record().model_dump(mode="json", by_alias=True) | {
        "protocol": ridge.name,
        "protocol_hash": ridge.hash,
        "primary_metric": "mean_absolute_error",
        "metrics": error,
    }
    text = methods(boards([Record.model_validate(content)]), sources={})
    assert "from 0.0001 to 10,000 by the mean squared error" in text
    assert "Student's t" in text
    assert "binomial" not in text


def test_few_encoders_that_are_pooled_alike_are_one_sentence_and_many_are_a_table() -> None:
    state = {"layer": 1, "pooling": "avg", "source": "timm", "input_size": 244}
    few = methods(boards([record(backbone=f"net{n}", encoder=state, **V2) for n in range(2)]), sources={})
    assert (
        "read from the last layer, average pooling of net0, random (512 features; timm, SHA-256 cccccccc); net1, "
        in few
    )
    assert "|" not in few
    rows = [record(backbone=f"net{n}|x", encoder=state, **V2) for n in range(7)]
    rows.append(record(backbone="vit", encoder=state | {"input_size": 224}, provenance={"dtype": "bfloat16"}, **V2))
    many = methods(boards(rows), sources={})
    assert "(256 and 224 x 224 px where the table says 224)" in many
    assert "from the last layer, average pooling of the encoders in the table below. The networks ran in the" in many
    table = [line for line in many.splitlines() if line.startswith("| ")]
    assert len(table) == 2 + 8
    assert table[0] == "| encoder | weights | layer and pooling | input px | features | precision |"
    assert table[2].startswith(
        r"| net0\|x, random | timm, SHA-256 cccccccc | last layer, average pooling | 244 | 512 |"
    )
    assert table[-1].endswith("| 224 | 512 | bfloat16 |")


def test_few_shots_have_their_own_choice_of_the_penalty() -> None:
    one, four = LINEAR_V2.with_shots(1), LINEAR_V2.with_shots(4)
    assert "its penalty being the middle of 17 values from 10⁻⁶ to 100;" in _text(one)
    assert "1 training image per class" in _text(one)
    assert "on a tenth of the images drawn, and it was fitted again on all images drawn" in _text(four)
    assert "validation" not in _text(one) + _text(four)


def test_a_dataset_of_artbench_is_cited_as_artbench() -> None:
    text = _text(LINEAR_V2, sources={"toy": "artbench, which paints it"})
    assert "paints" not in text
    assert text.count("The artbench developers") == 1
    assert "accuracy; [1]) with artbench 0.1.0 [1]" in text


def test_of_a_second_protocol_only_the_differences_are_said() -> None:
    wide = LINEAR_V2.with_width(40)
    rows = [record(protocol=one.name, protocol_hash=one.hash) for one in (wide, LINEAR_V2)]
    first, second, _ = methods(boards(rows), sources={}).split("\n\n")
    assert f"protocol linear-v2 (SHA-256 {LINEAR_V2.hash[:12]})" in first
    assert "Multinomial" in first
    assert second.startswith(f"Under linear-v2-width-40 (SHA-256 {wide.hash[:12]}) we evaluated 1 frozen encoder on")
    assert second.partition("differences. ")[2].startswith("Features were reduced to 40 principal components")
    assert "on toy-style, width 40 " in second
    for same in ("Images were", "Multinomial", "Brackets"):
        assert same not in second


def test_it_says_which_encoders_were_left_out() -> None:
    text = methods(boards([record(**V2)]), sources={}, seen=("clean",))
    assert "Only encoders known not to have been trained on test images (clean) are shown." in text


def test_every_citation_is_listed_once() -> None:
    text = _text(LINEAR_V2.with_width(64), sources={"toy": "Toys"})
    cited = {int(number) for number in re.findall(r"\[(\d+)\]", text)}
    listed = [int(number) for number in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]
    assert listed == sorted(cited) == list(range(1, len(listed) + 1))
    assert "64 principal components" in text


def test_the_first_protocol_has_its_own_intervals() -> None:
    assert "1,000 bootstrap resamples" in _text(LINEAR_V1)
    assert "bootstrap resamples" not in _text(LINEAR_V2)


def test_a_protocol_that_is_not_known_is_refused() -> None:
    with pytest.raises(ArtbenchError, match="has no protocol linear-v1 \\(aaaaaaaaaaaa\\) to describe"):
        methods(boards([record()]), sources={})
