"""What artbench asks of images, and by which metrics: every name leads to code, and nothing has moved."""

import re

import pytest

from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.specs import load_factory
from artbench_targets import CLASSES, LABELS, YEARS
from artbench_targets.searched import NEIGHBOURS, RANKINGS


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins(only="")


def test_each_kind_has_the_metrics_that_its_records_have(registry: Registry) -> None:
    kinds = {spec.name: (spec.answer, spec.metrics) for _, spec in registry.targets.specs()}
    assert kinds == {
        "single-label": ("class", CLASSES),
        "multi-label": ("labels", LABELS),
        "year": ("number", YEARS),
        "retrieval": ("ranking", RANKINGS),
        "museum-bias": ("neighbours", NEIGHBOURS),
    }
    metrics = {spec.name: spec for _, spec in registry.metrics.specs()}
    # Those behind are for tasks that ask for them, of this plugin and of EUFCC-340K's.
    assert tuple(metrics)[:-7] == (*CLASSES, *LABELS, *YEARS, *NEIGHBOURS, *RANKINGS)
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
    metrics = {spec.name: spec for _, spec in registry.metrics.specs()}
    unranked = [name for name, spec in metrics.items() if not spec.ranks]
    assert unranked == ["expected_calibration_error", "museum_neighbours"]
    assert [name for name, spec in metrics.items() if spec.fewest_classes] == ["top5_accuracy", "label_hit_at_10"]
    assert [name for name, spec in metrics.items() if not spec.higher_is_better] == [
        "expected_calibration_error",
        "mean_absolute_error",
        "museum_neighbours",
        "mean_label_rank",
    ]
