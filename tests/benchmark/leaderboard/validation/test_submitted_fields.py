"""Sizes, versions, kinds of numbers and states of the data that a submission states."""

import pytest

from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.protocol import LINEAR_V2, Protocol
from tests.support.mutants import Submission
from tests.support.submissions import changed, check, copied, faults

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("cached")]


@pytest.mark.parametrize("field", ["parameters", "feature_dim", "input_size"])
def test_sizes_that_the_backbone_does_not_have_are_faults(colour: Submission, registry: Registry, field: str) -> None:
    value = colour.content["encoder"][field]
    changed(colour, **{f"encoder__{field}": value + 1})
    assert any(f"toy-patches has the {field} {value}" in fault for fault in faults(check(colour.folder, registry)))


def test_a_record_says_the_sizes_of_its_images_as_the_others_do(
    colour: Submission, registry: Registry, protocol: Protocol
) -> None:
    content = colour.content["dataset"]
    changed(colour, dataset__fingerprint=content["listing"], dataset__listing=None)
    found = faults(check(colour.folder, registry))
    assert ("dataset.listing is missing" in found) == (protocol == LINEAR_V2)
    changed(colour, dataset__fingerprint=content["fingerprint"], dataset__listing=content["listing"])
    other = copied(colour)
    changed(other, backbone="another", encoder__weights_sha256="0" * 64, dataset__listing="0" * 64)
    found = faults(check(colour.folder, load_plugins(only="")))
    assert sum(fault.startswith("dataset differs from that of") for fault in found) == 2


def test_an_exclusion_list_and_other_weights_of_the_same_name_are_notices(
    colour: Submission, registry: Registry
) -> None:
    other = copied(colour)
    changed(other, encoder__weights_sha256="0" * 64)
    told = [finding.message for finding in check(colour.folder, registry).findings if finding.status == "WARN"]
    assert sum(message.startswith("its weights are not those of toy-colour/") for message in told) == 2
    changed(other, dataset__exclusion={"sha256": "0" * 64, "train": 1, "test": 0}, dataset__fingerprint="1" * 64)
    told = [finding.message for finding in check(colour.folder, registry).findings if finding.status == "WARN"]
    assert any(message.startswith("measured without the images of an exclusion list") for message in told)
    assert not any(message.startswith("its weights are not those") for message in told)


def test_a_check_says_in_one_list_what_it_could_not_check(colour: Submission, registry: Registry) -> None:
    here, elsewhere = check(colour.folder, registry), check(colour.folder, load_plugins(only=""))
    name = colour.file.relative_to(colour.folder / "records").as_posix()
    assert set(here.unchecked.values()) == {(name,)}
    assert any("leaderboard verify" in what for what in here.unchecked)
    assert not any("the data is not at hand" in what for what in here.unchecked)
    assert any("the data is not at hand" in what for what in elsewhere.unchecked)
    assert any("toy-patches: it is not known here" in what for what in elsewhere.unchecked)


def test_the_kinds_of_numbers_and_the_plugins_of_a_record_are_bounded(colour: Submission, registry: Registry) -> None:
    changed(colour, provenance__dtype="int2", provenance__plugins={f"p{number}": "1" for number in range(21)})
    found = faults(check(colour.folder, registry))
    assert any("unknown dtype 'int2'" in fault for fault in found)
    assert any(fault.startswith("21 plugins can't have taken part") for fault in found)


def test_a_record_of_a_newer_artbench_is_named(colour: Submission, registry: Registry) -> None:
    changed(colour, provenance__artbench="9.0.0")
    report = check(colour.folder, registry)
    assert faults(report) == []
    assert any("made by artbench 9.0.0, newer than this one" in finding.message for finding in report.findings)
    assert "what is new in artbench 9.0.0" in report.unchecked
