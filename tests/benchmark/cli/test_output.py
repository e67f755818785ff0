"""Findings and tables as people see them, on a terminal and in a pipe."""

import io

import pytest
from click import unstyle

from artbench.cli.main import possible_advice
from artbench.cli.output import echo, fitted, print_checks, print_findings, print_table
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


def test_an_item_of_a_list_is_broken_behind_its_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    assert fitted("- too little is kept of places") == "- too little is kept of places"
    monkeypatch.setattr("sys.stdout", Terminal())
    assert fitted("- too little is kept of places") == "- too little is kept of\n  places"
    assert fitted("  as far in as it began, all of it") == "  as far in as it began,\n  all of it"


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


def narrow(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    out = Terminal()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    return out


def test_a_table_that_is_too_wide_has_a_few_lines_for_each_row_and_no_word_is_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = narrow(monkeypatch)
    names = ["vit_base_patch14_reg4_dinov2.lvd142m", "resnet18"]
    about = "a sentence of some more words than would fit"
    print_table(("name", "size"), [(name, about) for name in names], title="a title of more than forty columns, whole")
    assert unstyle(out.getvalue()).splitlines() == [
        "a title of more than forty columns,",
        "whole",
        *(line for name in names for line in (name, "  size: a sentence of some more words", "  than would fit")),
    ]


def test_a_name_that_is_longer_than_the_terminal_is_printed_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    out = narrow(monkeypatch)
    print_table(("name", "made"), [("n" * 50, "2 d ago")], numbers=(1,))
    assert unstyle(out.getvalue()).splitlines() == ["n" * 50, "  made: 2 d ago"]


def test_a_table_that_fits_keeps_its_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    out = narrow(monkeypatch)
    print_table(("name", "size"), [("resnet18", "some words that go over more than one line")])
    assert unstyle(out.getvalue()).splitlines()[1].startswith("resnet18  some words")


def test_a_title_is_not_wrapped_to_the_width_of_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("a",), [("b",)], title="a title that is wider than the table")
    assert capsys.readouterr().out.splitlines()[0] == "a title that is wider than the table"


def test_sentences_break_between_words_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = narrow(monkeypatch)
    echo("  one two three four five six seven /a/path/that/is/longer/than/forty/columns/in/all end")
    assert unstyle(out.getvalue()).splitlines() == [
        "  one two three four five six seven",
        "  /a/path/that/is/longer/than/forty/columns/in/all",
        "  end",
    ]


@pytest.mark.parametrize("name", ["::notice::all is well", "  ::error::x", "##[error]x", "a/##[add-mask]FAIL"])
def test_no_name_is_a_command_of_the_log_that_holds_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_findings([(name, failed(name, "it is no record", mend="Remove it"))])
    for line in capsys.readouterr().out.splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert name.replace("##[", "## [") in line


def test_no_column_is_so_narrow_that_words_break_while_others_have_room(monkeypatch: pytest.MonkeyPatch) -> None:
    out = narrow(monkeypatch)
    print_table(("name", "about"), [("word " * 12 + "a-name-of-26-signs-in-all", "some more words " * 6)])
    assert "a-name-of-26-signs-in-all" in unstyle(out.getvalue())


@pytest.mark.parametrize(
    ("words", "mend", "said"),
    [
        (["run"], "Extract them anew with --fresh", "Extract them anew with --fresh."),
        (["explain", "map"], "Extract them anew with --fresh", "Extract them anew with `artbench run --fresh`."),
        (
            ["list"],
            "Or not. `artbench matrix run --help` lists more",
            "Or not. `artbench matrix run --help` lists more.",
        ),
        (["list"], "Make room, or leave out --pack. Nothing is lost", "Nothing is lost."),
        (["list"], "Leave out --pack", ""),
        (["explain", "map"], "Name another with --out, or see --debug", "Name another with --out, or see --debug."),
        (["data", "check"], "Did you mean --data?", "Did you mean --data?"),
    ],
)
def test_advice_names_options_that_there_are(
    words: list[str], mend: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["artbench", *words])
    assert possible_advice(mend) == said
