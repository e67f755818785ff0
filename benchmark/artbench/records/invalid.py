"""Why a record is not valid, in one line."""

from importlib.metadata import version

from pydantic import ValidationError

from artbench.runtime.names import shown_name, why_unfit
from artbench.runtime.text import NAME_PATTERN, printable


def why_invalid(error: ValidationError) -> str:
    """Say which field is not as it should be, and why: of several the first."""
    first = error.errors()[0]
    where = printable(".".join(map(str, first["loc"]))[:200], escapes=True) or "the record"
    said = first["msg"]
    if first["type"] == "extra_forbidden":
        said = f"artbench {version('artbench')} knows no such field"
    elif first["type"] == "string_pattern_mismatch":
        given, pattern = first["input"], first["ctx"]["pattern"]
        # That of names is a page long.
        why = why_unfit(given) if pattern == NAME_PATTERN else f"does not match {pattern}"
        said = f"{shown_name(given)} {why}"
    return f"{where}: {said}"
