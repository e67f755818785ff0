"""What artbench asks of images, and by which metrics: every name leads to code, and nothing has moved."""

import re

import pytest

from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.specs import MetricSpec, load_factory
from artbench_targets import CLASSES, LABELS, YEARS
from artbench_targets.searched import NEIGHBOURS, RANKINGS


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins(only="")


def own(registry: Registry) -> dict[str, MetricSpec]:
    return {spec.name: spec for entry, spec in registry.metrics.specs() if entry.plugin == "targets"}


def test_each_kind_has_the_metrics_that_its_records_have(registry: Registry) -> None:
    kinds = {spec.name: (spec.answer, spec.metrics) for _, spec in registry.targets.specs()}
    assert kinds == {
        "single-label": ("class", CLASSES),
        "multi-label": ("labels", LABELS),
        "year": ("number", YEARS),
        "retrieval": ("ranking", RANKINGS),
        "museum-bias": ("neighbours", NEIGHBOURS),
    }
    metrics = own(registry)
    # Those behind are for tasks that ask for them.
    assert tuple(metrics)[:-3] == (*CLASSES, *LABELS, *YEARS, *NEIGHBOURS, *RANKINGS)
    for kind, (_, names) in kinds.items():
        assert {metrics[name].target for name in names} == {kind}


def test_what_measures_a_metric_is_there_and_says_what_it_does(registry: Registry) -> None:
    for _, spec in registry.metrics.specs():
        measure = load_factory(spec.measure)
        assert getattr(measure, "__name__", "") == spec.name
        # The first words of both definitions are the same.
        said = " ".join((measure.__doc__ or "").split())
        assert spec.description.split()[0] == said.split()[0].rstrip(","), spec.name
        assert re.search(r"\b(19|20)\d\d\b|scikit-learn", spec.reference), spec.name


def test_only_what_says_which_encoder_is_better_ranks(registry: Registry) -> None:
    metrics = own(registry)
    unranked = [name for name, spec in metrics.items() if not spec.ranks]
    assert unranked == ["expected_calibration_error", "museum_neighbours"]
    assert [name for name, spec in metrics.items() if spec.fewest_classes] == ["top5_accuracy"]
    assert [name for name, spec in metrics.items() if not spec.higher_is_better] == [
        "expected_calibration_error",
        "mean_absolute_error",
        "museum_neighbours",
    ]
