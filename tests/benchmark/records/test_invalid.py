"""What is said of a field that a record can't have."""

from typing import Any

import pytest
from pydantic import ValidationError

from artbench.records.invalid import why_invalid
from artbench.records.record import Record
from tests.support.records import record


def changed(field: str, value: object) -> str:
    content: dict[str, Any] = record().as_json()
    *path, last = field.split(".")
    part = content
    for name in path:
        part = part[name]
    part[last] = value
    with pytest.raises(ValidationError) as raised:
        Record.model_validate(content)
    return why_invalid(raised.value)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("protocol", "linear\x07-v2", r"protocol: linear\x07-v2 has invisible or odd characters, U+0007"),
        ("task", "sample\u200bstyle", r"task: sample\u200bstyle has invisible or odd characters, U+200B"),
        ("dataset.name", "toy\n", r"dataset.name: toy\n has invisible or odd characters, U+000A"),
        ("dataset.fingerprint", "G" * 64, "does not match ^[0-9a-f]{64}$"),
        ("task", "", "task: String should have at least 1 character"),
        ("odd\x1bfield", 1, r"odd\x1bfield: artbench "),
    ],
)
def test_a_field_is_named_with_what_is_wrong_about_it(field: str, value: object, said: str) -> None:
    found = changed(field, value)
    assert said in found
    assert found.isprintable()
    assert len(found) < 200
