"""Findings and tables as people see them, on a terminal and in a pipe."""

import io

import pytest

from artbench.cli.output import print_checks, print_findings, print_table
from artbench.runtime.findings import Finding, failed, passed, warned
from artbench.runtime.text import printable, size

FOUND = [
    ("data", passed("toy", "90 images")),
    ("data", warned("odd \x1b[2J", "no folder", mend="Name one")),
    ("one.json", failed("one.json", "its accuracy is not that of its predictions", mend="Run it again")),
    ("one.json", failed("one.json", "its size is wrong", mend="Run it again")),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_a_pipe_each_finding_is_one_line_with_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_findings(FOUND) == {"PASS": 1, "WARN": 1, "FAIL": 2}
    assert capsys.readouterr().out.splitlines() == [
        "data",
        "PASS  toy: 90 images.",
        "WARN  odd ?[2J: no folder. Name one.",
        "one.json",
        "FAIL  one.json: its accuracy is not that of its predictions. Run it again.",
        "FAIL  one.json: its size is wrong. Run it again.",
    ]


def test_on_a_terminal_the_same_advice_is_given_once_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    monkeypatch.setattr("sys.stdout", out)
    print_findings(FOUND)
    assert out.getvalue().count("Run it again") == 1
    assert "?[2J" in out.getvalue()


def test_findings_are_printed_as_soon_as_they_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    printed = []

    def found() -> object:
        yield "slow", passed("first", "there")
        printed.append(capsys.readouterr().out)

    print_findings(found())  # type: ignore[arg-type]  # a generator that looks at what is printed
    assert "first" in printed[0]


def test_checks_end_with_their_numbers_and_a_failure_is_status_one(capsys: pytest.CaptureFixture[str]) -> None:
    skipped = Finding(name="x", status="SKIP", message="no data")
    assert print_checks([({}, "x", skipped)], as_json=False) == 0
    assert print_checks([], as_json=False) == 0
    assert print_checks([({}, *found) for found in FOUND], as_json=False) == 1
    counts = [line for line in capsys.readouterr().out.splitlines() if line.endswith("failed.")]
    assert counts == [
        "0 passed, 0 to look at, 1 skipped, 0 failed.",
        "0 passed, 0 to look at, 0 failed.",
        "1 passed, 1 to look at, 2 failed.",
    ]


def test_a_table_in_a_pipe_keeps_names_whole_and_takes_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    name = "[bold]" + "n" * 150
    print_table(("name", "count"), [(name, "1"), ("b", "22")], numbers=(1,), title="[red] table")
    title, head, first, second = capsys.readouterr().out.splitlines()
    assert title.strip() == "[red] table"
    assert head.split() == ["name", "count"]
    assert first.split() == [name, "1"]
    assert second.endswith("22")


def test_text_and_sizes() -> None:
    assert printable("a\x1b\n") == "a??"
    assert printable("a\x1b\n\u202e", escapes=True) == r"a\x1b\n\u202e"
    assert [size(count) for count in (999, 1500, 2 * 10**9, 10**13)] == ["999 B", "1.5 kB", "2.0 GB", "10.0 TB"]
