"""Names and hashes of protocols: what is published must never change."""

import pytest

from artbench.plugins.known import known_protocols
from artbench.protocol import (
    LINEAR_V1,
    LINEAR_V2,
    RETRIEVAL_V1,
    ROBUSTNESS_V1,
    ZERO_SHOT_V1,
    Protocol,
    protocol_named,
)


@pytest.mark.parametrize(
    ("protocol", "digest"),
    [
        (LINEAR_V1, "1f9c82818cc8"),
        (LINEAR_V1.for_years(), "1c082f81a9d5"),
        (LINEAR_V1.with_shots(4), "3e2ddc9e078e"),
        (LINEAR_V2, "2548a934bd5e"),
        (LINEAR_V2.for_years(), "cbdadf2a42ea"),
        (LINEAR_V2.with_shots(4), "b5b229edeea8"),
        (LINEAR_V2.with_width(512), "55e41d2358b5"),
        (RETRIEVAL_V1, "f238c24af1da"),
        (ROBUSTNESS_V1, "78d886cb5963"),
        (ZERO_SHOT_V1, "46bed24f0f58"),
        (ZERO_SHOT_V1.with_prompts("0" * 64), "c3f9ff8036dd"),
    ],
)
def test_published_protocols_keep_their_hashes(protocol: Protocol, digest: str) -> None:
    assert protocol.hash.startswith(digest)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("retrieval-v1-whitening-512", "2807f62e1c50"),
        ("retrieval-v1-csls-10", "067c45571ce2"),
        ("retrieval-v1-softmax-10", "0e8bf140e6f4"),
    ],
)
def test_declared_choices_of_a_search_keep_their_hashes(name: str, digest: str) -> None:
    found = protocol_named(name)
    assert found is not None
    assert found.hash.startswith(digest)


def test_probes_of_built_in_plugins_keep_their_hashes() -> None:
    own = {name: spec.protocol.hash[:12] for name, spec in known_protocols().items() if spec.protocol.own is not None}
    built_in = {name: own[name] for name in ("attentive-v1", "attentive-aim-v1")}
    assert built_in == {"attentive-v1": "bbd98c54fd10", "attentive-aim-v1": "6094519b6c90"}


def test_every_protocol_of_a_family_makes_intervals_alike() -> None:
    for whole in (LINEAR_V1, LINEAR_V2):
        for one in (whole.for_years(), whole.with_shots(4), whole.with_width(64)):
            assert (one.bootstrap, one.intervals) == (whole.bootstrap, whole.intervals)
        assert (whole.bootstrap is None) != (whole.intervals is None)


@pytest.mark.parametrize(
    "protocol",
    [
        LINEAR_V1,
        LINEAR_V2.for_years(),
        LINEAR_V2.with_width(512),
        LINEAR_V2.with_width(64).with_shots(4),
        LINEAR_V2.for_years().with_width(9),
    ],
)
def test_a_protocol_is_found_by_its_name(protocol: Protocol) -> None:
    assert protocol_named(protocol.name) == protocol


@pytest.mark.parametrize(
    "name",
    [
        "",
        "linear-v0",
        "linear-v2-shots-0",
        "linear-v2-shots-4-shots-4",
        "linear-v2-shots-4-width-8",
        "linear-v2-width-8-width-8",
    ],
)
def test_other_names_are_no_protocols(name: str) -> None:
    assert protocol_named(name) is None
