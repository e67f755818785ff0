"""What the fields of a record admit."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10**15)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# Nothing that moves a terminal's cursor, hides in a page or turns its text around.
Name = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$")]


class Part(BaseModel):
    """A part of a record: nothing unknown in it, and nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
