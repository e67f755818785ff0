"""What came out: metrics, what the probe chose, and what they are means over or compared with."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from artbench.records.fields import Amount, Count, Fraction, Name, Part


class Metric(Part):
    """A value and its bootstrap interval.

    Attributes:
        value: On the test; with several rounds, the mean over them.
        ci95: Lower and upper end.
        unit: `fraction`, in [0, 1], or `years`. Written only where it is not a fraction.
    """

    value: Amount
    ci95: tuple[Amount, Amount]
    unit: Literal["fraction", "years"] = "fraction"

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.ci95[0] > self.ci95[1]:
            raise ValueError("the lower end of ci95 lies above the upper")
        if self.unit == "fraction" and max(self.value, *self.ci95) > 1:
            raise ValueError("a fraction lies above 1")
        return self

    @model_serializer(mode="wrap")
    def _briefly(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = write(self)
        if self.unit == "fraction":
            del written["unit"]
        return written


class ProbeState(Part):
    """What the probe chose, and on what grounds.

    Attributes:
        name: Of the probe.
        l2: The penalty chosen.
        grid: The penalties to choose from.
        grid_losses: The mean loss on validation for each penalty (of years the mean squared error); None where the
            path had passed its best before.
        validation: Every metric on validation at the penalty chosen; empty where there was nothing to choose on.
        validation_accuracy: The accuracy among them; None for tasks that have none.
        thresholds: For each metric that needs one, the probability from which a label counts as predicted.
        converged: Whether every fit met the protocol's convergence test.
    """

    name: Name
    l2: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    grid: tuple[float, ...]
    grid_losses: tuple[Amount | None, ...]
    validation: dict[Name, Amount]
    validation_accuracy: Fraction | None
    thresholds: dict[Name, Fraction] = Field(default_factory=dict)
    converged: bool


class NeighboursState(Part):
    """Weighted k-nearest neighbours on the same features."""

    k: Count
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    metrics: dict[Name, Metric]


class RoundState(Part):
    """One of several rounds whose mean the record is: a draw of a few pictures, or one split of several.

    Attributes:
        train: Pictures fitted on, those of the validation split included.
        test: Pictures reported on.
        metrics: The value of each metric.
        neighbours: The same of the nearest neighbours.
        probe: What was chosen.
    """

    train: Count
    test: Count
    metrics: dict[Name, Amount]
    neighbours: dict[Name, Amount]
    probe: ProbeState


class FewShotState(Part):
    """How few pictures were fitted on.

    Attributes:
        shots: Pictures drawn of each class.
        draws: How often.
        seed: Of the draws.
        scarce: Classes that have fewer pictures to draw from, and gave all of them.
    """

    shots: Count
    draws: Count
    seed: Count
    scarce: Count


class ReferenceState(Part):
    """What a guess scores that looks at no picture.

    Attributes:
        name: `largest class`, `painter's commonest class`, …
        metrics: As those of the record.
    """

    name: Name
    metrics: dict[Name, Metric]
