"""Grades of preservation for artbench: a kind of task, a metric and a probe of their own."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, MetricSpec, ProtocolSpec, TargetSpec, TaskSpec

# The contract of artbench's plugins that this was written for: another one would refuse it, and say so.
ARTBENCH_CONTRACT = 1

GRADE = TargetSpec(
    name="grade",
    description="one of several grades, in order",
    answer="class",
    metrics=("quadratic_kappa",),
    baselines=("commonest grade", "commonest grade of the group"),
    check="artbench_ordinal.grades:check_grades",
)
KAPPA = MetricSpec(
    name="quadratic_kappa",
    description="Agreement beyond chance, in which a distance of two grades counts four times that of one.",
    target="grade",
    measure="artbench_ordinal.grades:quadratic_kappa",
    unit="number",
    bounds=(-1.0, 1.0),
    reference="Cohen 1968; as scikit-learn's cohen_kappa_score(weights='quadratic')",
)
PERCEPTRON = ProtocolSpec(
    name="ordinal-mlp-v1",
    description="a perceptron with one hidden layer, mean over three seeds",
    probe="artbench_ordinal.perceptron:fit",
    settings={"hidden": 32, "steps": 100, "rate": 0.01, "decays": [0.001, 0.1, 1.0]},
    seeds=(0, 1, 2),
    tolerance=0.05,
)
PRINTS = DatasetSpec(
    name="prints",
    description="100 prints with foxing, painted by code",
    factory="artbench_ordinal.prints:read",
    prepare="artbench_ordinal.prints:paint",
    source="artbench-ordinal",
    layout="NUMBER-GRADE.png",
)
PRESERVATION = TaskSpec(
    name="prints-preservation",
    description="how well a print is kept, from 1 to 5",
    dataset="prints",
    target="grade",
    primary_metric="quadratic_kappa",
    factory="artbench_ordinal.prints:preservation",
)


@hookimpl
def register_targets(register: Callable[[TargetSpec], None]) -> None:
    """Register `grade`."""
    register(GRADE)


@hookimpl
def register_metrics(register: Callable[[MetricSpec], None]) -> None:
    """Register `quadratic_kappa`."""
    register(KAPPA)


@hookimpl
def register_protocols(register: Callable[[ProtocolSpec], None]) -> None:
    """Register `ordinal-mlp-v1`."""
    register(PERCEPTRON)


@hookimpl
def register_datasets(register: Callable[[DatasetSpec], None]) -> None:
    """Register `prints`."""
    register(PRINTS)


@hookimpl
def register_tasks(register: Callable[[TaskSpec], None]) -> None:
    """Register `prints-preservation`."""
    register(PRESERVATION)
