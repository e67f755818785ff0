"""Metrics that measure answers as they are, against built-in ones that give the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artbench.data.answers import Answers
from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from artbench.protocol import LINEAR_V1, LINEAR_V2, Protocol
from artbench.runtime.untrusted import memory_limit
from artbench.specs import MetricSpec
from artbench.stats.bootstrap import Estimate
from artbench.stats.plain import plain_value
from artbench.stats.scoring import Scorer
from artbench.stats.units import RoundTest
from tests.support.estimates import ends
from tests.support.plugins import MEASURED

LABELS = np.arange(60) % 4
OUTPUTS = np.eye(4, dtype=np.float32)[(LABELS + (np.arange(60) % 5 == 0)) % 4] * 0.9 + 0.025
CLUSTERS = (np.arange(60) // 5).tolist()


@pytest.fixture(autouse=True, scope="module")
def _plugins() -> None:
    load_plugins([MEASURED], only="")


def scored(protocol: Protocol, *, clusters: list[int] | None = None, rounds: int = 1) -> dict[str, Estimate]:
    tests = [RoundTest(images=[f"{n:03}" for n in range(60)], clusters=clusters)] * rounds
    more = ["hits", "agreement", "doubled_agreement", "log_odds", "largest_gap"]
    scorer = Scorer(tests, target="single-label", protocol=protocol, more=more)
    return scorer.estimates([scorer.score(number, LABELS, OUTPUTS) for number in range(rounds)])


@pytest.mark.parametrize("protocol", [LINEAR_V1, LINEAR_V2], ids=["v1", "v2"])
@pytest.mark.parametrize("clusters", [None, CLUSTERS], ids=["images", "painters"])
@pytest.mark.parametrize("rounds", [1, 3])
def test_a_mean_over_images_is_what_the_built_in_metric_is(
    protocol: Protocol, clusters: list[int] | None, rounds: int
) -> None:
    found = scored(protocol, clusters=clusters, rounds=rounds)
    assert found["hits"].value == pytest.approx(found["accuracy"].value)
    assert ends(found["hits"]) == pytest.approx(ends(found["accuracy"]))


@pytest.mark.parametrize("protocol", [LINEAR_V1, LINEAR_V2], ids=["v1", "v2"])
def test_a_statistic_has_the_interval_that_leaving_out_or_resampling_gives(protocol: Protocol) -> None:
    found = scored(protocol)
    assert found["agreement"].value == found["accuracy"].value
    assert ends(found["agreement"]) == pytest.approx(ends(found["accuracy"]), abs=0.02)
    # Between -1 and 1 it is the same, twice as wide.
    low, high = ends(found["agreement"])
    assert ends(found["doubled_agreement"]) == pytest.approx((2 * low - 1, 2 * high - 1))


@pytest.mark.parametrize("protocol", [LINEAR_V1, LINEAR_V2], ids=["v1", "v2"])
def test_a_metric_without_bounds_has_an_interval_around_it(protocol: Protocol) -> None:
    found = scored(protocol)["log_odds"]
    assert found.value == pytest.approx(np.log(48.5 / 12.5))
    low, high = ends(found)
    assert low < found.value < high
    # The standard error of log odds is the root of the sum of both reciprocals.
    assert (high - low) / 2 == pytest.approx(2 * np.sqrt(1 / 48.5 + 1 / 12.5), rel=0.15)


@pytest.mark.parametrize("protocol", [LINEAR_V1, LINEAR_V2], ids=["v1", "v2"])
def test_a_metric_of_whose_chance_nothing_is_known_has_no_interval(protocol: Protocol) -> None:
    found = scored(protocol)["largest_gap"]
    assert found.value == pytest.approx(0.925)
    assert found.ci95 is None


def spec(measure: Callable[[Answers], Any], **rest: Any) -> MetricSpec:
    return MetricSpec(name="odd", description="Odd.", target="single-label", measure=measure, **rest)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (spec(lambda answers: 1.5), "metric odd is 1.5 on 60 images, not a number from 0 to 1"),
        (spec(lambda answers: float("nan")), "metric odd is nan on 60 images"),
        (spec(lambda answers: 1 / 0), "metric odd, of 60 images, failed .ZeroDivisionError"),
        (spec(lambda answers: "0.5"), "metric odd is '0.5', not a real number"),
        (spec(lambda answers: np.complex128(0.5)), "metric odd is .*0.5.*, not a real number"),
        (spec(lambda answers: None), "metric odd is None, not a real number"),
        (spec(lambda answers: np.ones(60)), "metric odd is an array of shape .60,., not one number"),
        (spec(lambda answers: np.ones(60, complex), statistic="mean"), "an array of complex128, not a real number"),
        (spec(lambda answers: [1.0], statistic="mean"), "an array of shape .1,., not a number for each of 60 images"),
    ],
)
def test_a_metric_that_gives_nonsense_is_named(metric: MetricSpec, message: str) -> None:
    with pytest.raises(ArtbenchError, match=message):
        plain_value(metric, Answers.of(LABELS, OUTPUTS), defined=True)


def test_images_that_do_not_count_are_left_out_of_a_mean() -> None:
    metric = spec(
        lambda answers: np.where(answers.labels == 0, np.nan, answers.predicted == answers.labels), statistic="mean"
    )
    right = (np.arange(60) % 5 > 0)[LABELS > 0]
    assert plain_value(metric, Answers.of(LABELS, OUTPUTS)) == right.mean()


def test_what_a_metric_imports_may_be_larger_than_a_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = "import numpy\nnumpy.empty(1 << 30, numpy.uint8)\ndef measure(answers):\n    return 0.5\n"
    (tmp_path / "metric_of_a_large_library.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    metric = MetricSpec(
        name="odd", description="Odd.", target="single-label", measure="metric_of_a_large_library:measure"
    )
    with memory_limit(100 << 20):
        assert plain_value(metric, Answers.of(LABELS, OUTPUTS)) == 0.5
