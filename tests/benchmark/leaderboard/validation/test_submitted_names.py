"""Names of backbones, tasks, pretrainings and guesses that readers would take for others."""

import pytest

from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from tests.support.mutants import Submission
from tests.support.submissions import changed, check, copied, faults

pytestmark = pytest.mark.usefixtures("cached")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("r\u0435snet50", "mixes letters of two alphabets"),
        ("resnet5\u041e", "mixes letters of two alphabets"),
        ("resnet50 ", "has blanks at its ends"),
        ("\uff52esnet50", "only look like others"),
        ("https://example.org/model", "is an address"),
        ("www.example.org", "is an address"),
        ("me@example.org", "is an address"),
        ("net_www.example.org", "is an address"),
        ("ftp://example.org", "is an address"),
        ("mailto:me", "is an address"),
    ],
)
def test_names_that_look_like_others_are_faults(
    colour: Submission, registry: Registry, name: str, problem: str
) -> None:
    changed(colour, backbone=name)
    assert any(problem in fault for fault in faults(check(colour.folder, registry)))


@pytest.mark.parametrize(
    "name",
    [
        *("resnet50.a1_in1k", "vit_base@layer=2,pool=avg", "эрмитаж.pth", "müller.safetensors", "my weights.pt"),
        *("vit_base_patch16_clip_224.openai", "weights.de/x", "swww.x", "v1.5.com"),
    ],
)
def test_honest_names_are_none(colour: Submission, registry: Registry, name: str) -> None:
    seen = (
        {"corpus": "my images", "state": "unknown", "evidence": "mine"} if colour.content["encoder"]["seen"] else None
    )
    changed(colour, pretraining=name, encoder__checkpoint_sha256="e" * 64, encoder__seen=seen)
    assert faults(check(colour.folder, registry)) == []


def test_two_names_that_a_reader_takes_for_one_are_both_named(colour: Submission, registry: Registry) -> None:
    other = copied(colour)
    changed(other, backbone="t\u043ey-patches", encoder__weights_sha256="0" * 64)
    found = faults(check(colour.folder, registry))
    assert sum("looks like that of" in fault for fault in found) == 2


def test_a_large_i_is_taken_for_a_small_l(colour: Submission) -> None:
    changed(colour, backbone="tf_efficientnet_Iite0")
    found = faults(check(colour.folder, load_plugins(only="")))
    assert "the backbone tf_efficientnet_Iite0 looks like tf_efficientnet_lite0" in found


@pytest.mark.parametrize(
    ("field", "name", "fault"),
    [
        ("task", "artbench-toy:toy-colour", "the task artbench-toy:toy-colour is toy-colour"),
        ("pretraining", "artbench:random", "the pretraining artbench:random is random"),
    ],
)
def test_a_name_with_its_plugin_is_another_way_to_write_it(
    colour: Submission, registry: Registry, field: str, name: str, fault: str
) -> None:
    plain = name.partition(":")[2]
    tasks, pretrainings = registry.tasks.owners(plain), registry.pretrainings.owners(plain)
    (owner,) = [one.distribution for one in tasks] if field == "task" else [one.distribution for one in pretrainings]
    name, fault = (text.replace(name.partition(":")[0], owner) for text in (name, fault))
    changed(colour, **{field: name})
    assert fault in faults(check(colour.folder, registry))


@pytest.mark.parametrize("names", [["largest class", "largest class"], ["DINOv2 (Oquab et al.)"], ["median year"]])
def test_guesses_have_the_names_that_artbench_gives_them(
    colour: Submission, registry: Registry, names: list[str]
) -> None:
    (first, *_) = colour.content["references"]
    changed(colour, references=[first | {"name": name} for name in names])
    assert any(fault.startswith("references can't be ") for fault in faults(check(colour.folder, registry)))
