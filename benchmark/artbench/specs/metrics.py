"""What registers a metric."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from artbench.specs.factories import Factory
from artbench.specs.targets import TargetKind

if TYPE_CHECKING:
    from artbench.data.answers import Answers

Statistic: TypeAlias = Literal["mean", "jackknife", "none", "counts"]

# Of what a metric's numbers are.
UNIT_PATTERN = r"[A-Za-z][A-Za-z0-9/-]{0,19}"


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricSpec:
    """A measure of the answers to a kind of target. It never changes under its name.

    Attributes:
        name: `quadratic_kappa`.
        description: Its definition, in one line.
        target: Name of the kind of target that it is for.
        measure: `(answers) -> value`, as `statistic` says. `artbench.data.Answers` have what is kept beside a record,
            so that anyone can compute it again.
        statistic: How intervals and ranks are made. `mean`: `measure` returns a number for each image, float64, shape
            (n,), NaN for images that don't count, and the metric is their mean. `jackknife`: it returns one number,
            which changes smoothly as images are left out. `none`: it returns one number, and nothing is known of its
            chance: it has no interval, and ranks by it are in brackets. `counts` is for the built-in metrics, which
            measure weighted counts for many resamples at once; what they get is not promised.
        higher_is_better: Whether more is better.
        unit: `fraction`, from 0 to 1 and shown in percent; `number`, shown as it is; or a word to show after the
            number, such as `years`.
        bounds: Smallest and largest value that is possible; None where there is none.
        short: Name for headings of tables; empty: the name, with spaces.
        reference: Who defined it where, in one line.
        ranks: Whether a task may have it as its primary metric: that of a calibration, which a useless encoder may have
            too, can't. A run of a task that asks for it is refused.
        fewest_classes: Fewest classes with which it tells anything: top-5 accuracy needs 6.
        needs_threshold: Whether it needs the probability from which a label counts as predicted, chosen on validation;
            for `counts` alone.

    Raises:
        ValueError: Bounds, unit or statistic are impossible.

    Examples:
        >>> from artbench.specs import MetricSpec
        >>> spec = MetricSpec(
        ...     name="hits",
        ...     description="Share of images that are predicted rightly.",
        ...     target="single-label",
        ...     measure=lambda answers: answers.predicted == answers.labels,
        ...     statistic="mean",
        ...     reference="as accuracy",
        ... )
        >>> spec.definition
        'Share of images that are predicted rightly. as accuracy.'
    """

    name: str
    description: str
    target: TargetKind
    measure: Factory[[Answers], Any]
    statistic: Statistic = "jackknife"
    higher_is_better: bool = True
    unit: str = "fraction"
    bounds: tuple[float | None, float | None] = (0.0, 1.0)
    short: str = ""
    reference: str = ""
    ranks: bool = True
    fewest_classes: int = 0
    needs_threshold: bool = False

    def __post_init__(self) -> None:
        given: object = self.bounds
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise ValueError(f"the bounds of metric {self.name} are {given!r}, not a smallest and a largest value")
        low, high = self.bounds
        if self.statistic not in (known := get_args(Statistic)):
            raise ValueError(
                f"the statistic of metric {self.name} is {self.statistic!r}, not one of {', '.join(known)}"
            )
        if low is not None and high is not None and low >= high:
            raise ValueError(f"the bounds of metric {self.name} are {self.bounds}, not in ascending order")
        if self.unit == "fraction" and self.bounds != (0, 1):
            raise ValueError(f"metric {self.name} is a fraction with the bounds {self.bounds}: say unit='number'")
        if not re.fullmatch(UNIT_PATTERN, self.unit):
            raise ValueError(f"the unit of metric {self.name} is {self.unit!r}, not one short word")

    @property
    def definition(self) -> str:
        """Definition in words, with its source."""
        return " ".join(filter(None, (self.description, f"{self.reference}." if self.reference else "")))
