"""Fields of specs that hold what they must not: the plugin is left out, and everything else works."""

import json
from pathlib import Path

import pytest

from artbench.plugins import load_plugins
from tests.support.command_line import CommandLine

_HEAD = "from artbench import hookimpl\nfrom artbench.specs import *\n\n@hookimpl\ndef register_{kind}s(register):\n"
_SPECS = {
    "protocol": "ProtocolSpec(**{{'name': 'odd-v1', 'description': 'Odd.', 'probe': 'os:getcwd'}} "
    "| {{{field!r}: {value}}})",
    "metric": "MetricSpec(**{{'name': 'odd', 'description': 'Odd.', 'target': 'single-label', 'measure': 'os:getcwd'}} "
    "| {{{field!r}: {value}}})",
    "target": "TargetSpec(**{{'name': 'odd', 'description': 'Odd.', 'answer': 'class', 'metrics': ('odd',)}} "
    "| {{{field!r}: {value}}})",
}


def problems(folder: Path, kind: str, field: str, value: str) -> list[str]:
    file = folder / "odd_fields.py"
    spec = _SPECS[kind].format(field=field, value=value)
    file.write_text(f"{_HEAD.format(kind=kind)}    register({spec})\n")
    return list(load_plugins([file]).problems)


@pytest.mark.parametrize(
    ("kind", "field", "value", "reason"),
    [
        ("protocol", "probe", "7", "probe of odd-v1 is 7, not a callable or 'package.module:function'"),
        ("protocol", "probe", "'nowhere'", "probe of odd-v1 is 'nowhere', not a callable"),
        ("protocol", "picture", "None", "picture of odd-v1 is None, not a Preprocessing"),
        ("protocol", "reference", "b'x'", "reference of odd-v1 is b'x', not a text"),
        ("protocol", "description", "'\\ud800'", r"description of odd-v1 is '\ud800', not a text"),
        ("protocol", "description", "'\\x1b[2J'", r"description of odd-v1 is '\x1b[2J', not a text"),
        ("protocol", "version", "10**100", "…, not a whole number of 64 bits"),
        ("protocol", "seeds", "{1: 2}", "seeds of protocol odd-v1 are {1: 2}, not some whole numbers"),
        ("protocol", "answers", "{'class'}", "answers of protocol odd-v1 are {'class'}, not some of"),
        ("protocol", "tolerance", "'0.1'", "the tolerance of protocol odd-v1 is '0.1', not from 0 to below 1"),
        ("protocol", "name", "'x' * 1_000_000", "can't be the name of a protocol"),
        ("metric", "measure", "[]", "measure of odd is [], not a callable"),
        ("metric", "ranks", "'no'", "ranks of odd is 'no', not True or False"),
        ("metric", "fewest_classes", "2.5", "fewest_classes of odd is 2.5, not a whole number"),
        ("metric", "short", "'x' * 1_000_000", "short of odd is 'xxx"),
        ("target", "metrics", "'accuracy'", "metrics of odd is 'accuracy', not a sequence of texts"),
        ("target", "check", "'no module'", "check of odd is 'no module', not a callable"),
    ],
)
def test_a_field_that_is_not_as_its_type_says_is_told_in_a_short_line(
    kind: str, field: str, value: str, reason: str, tmp_path: Path
) -> None:
    (problem,) = problems(tmp_path, kind, field, value)
    assert "odd_fields.py is left out" in problem
    assert reason in problem
    assert len(problem) < 400


def test_lists_do_in_the_place_of_tuples(tmp_path: Path) -> None:
    assert not problems(tmp_path, "target", "metrics", "['odd']")
    assert not problems(tmp_path, "protocol", "seeds", "[1, 2]")


def test_a_description_that_is_no_text_keeps_no_list_from_being_printed(
    tmp_path: Path, command_line: CommandLine
) -> None:
    problems(tmp_path, "protocol", "description", "'\\ud800'")
    done = command_line("list", "protocols", "--json", "--plugin", str(tmp_path / "odd_fields.py"))
    assert "linear-v2" in [one["name"] for one in json.loads(done.stdout)]
