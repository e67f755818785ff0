"""Kinds of fields of a record, each with its bound."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from artbench.runtime.text import LONGEST_NAME, NAME_PATTERN

# Every number has a bound, far above what is measured: what shows them need not expect 1e308.
LARGEST = 1e15
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False)]
Positive = Annotated[float, Field(ge=1 / LARGEST, le=LARGEST, allow_inf_nan=False)]
Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=-(10**15), le=10**15)]
Count = Annotated[int, Field(ge=0, le=10**15)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=NAME_PATTERN)]
# Of a plugin in a file there is no version.
Version = Annotated[str, StringConstraints(max_length=100, pattern=r"^[\x20-\x7E]*$")]


class Part(BaseModel):
    """A part of a record: immutable, without unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)
