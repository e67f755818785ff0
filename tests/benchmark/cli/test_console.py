import io
import re

import pytest
from rich.console import Console

from artbench.cli.leaderboard.show import print_board
from artbench.cli.progress import LogLines, TerminalReporter
from artbench.leaderboard.board import boards
from artbench.runtime.progress import RESUMED
from tests.support.records import record


def shown_at(
    width: int, monkeypatch: pytest.MonkeyPatch, *, what: str = "tf_efficientnet_lite0 on wikiart", note: str = ""
) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=width, color_system=None, legacy_windows=False)
    reporter = TerminalReporter()
    monkeypatch.setattr(reporter, "_console", console)
    with reporter.counting(what, total=5782, unit="images") as counter:
        counter.advance(1200, note=note or "23.3 images/s, 7% waiting")
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_a_bar_shows_count_speed_and_time_left_however_narrow_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = [
        line for line in re.split(r"[\r\n]|\x1b\[[0-9;?]*[A-Za-z]", shown_at(width, monkeypatch)) if "1200" in line
    ][-1]
    assert len(last) <= width
    assert "1200/5782" in last
    assert "23.3 images/s" in last
    assert re.search(r"-?-?:?(--|\d\d):(--|\d\d)", last)
    assert ("━" in last) == (width >= 80)
    assert last.startswith("tf_effic")
    assert "on wikiart" in last
    assert ("7% waiting" in last) == (width > 60)


def test_the_time_left_goes_by_the_rate_since_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    at, out = [0.0], io.StringIO()
    console = Console(
        file=out, force_terminal=True, width=120, color_system=None, legacy_windows=False, get_time=lambda: at[0]
    )
    reporter = TerminalReporter()
    monkeypatch.setattr(reporter, "_console", console)
    with reporter.counting("resnet18", total=1000, unit="images") as counter:
        # Two batches in one moment, as from two threads: their distance says nothing.
        at[0] = 10.0
        counter.advance(4)
        at[0] = 10.01
        counter.advance(4)
        at[0] = 100.0
        counter.advance(2)
    assert "2:45:00 left" in out.getvalue()


def test_in_a_log_a_line_now_and_then_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    at, out = [0.0], io.StringIO()
    reporter = TerminalReporter()
    monkeypatch.setattr(reporter, "_console", Console(file=out, width=40, get_time=lambda: at[0]))
    with reporter.counting("resnet18 on \x1b[2J", total=1000, unit="images") as counter:
        for _ in range(1000):
            at[0] += 1
            counter.advance(note="1 image/s")
    lines = out.getvalue().splitlines()
    assert lines[0] == "resnet18 on ?[2J: 15 of 1,000 images, 1 image/s, 16:25 left"
    # Ever rarer, and none for the last step: what comes next says that it is done.
    assert [line.partition(": ")[2].partition(" of")[0] for line in lines] == ["15", "45", "105", "225", "465", "945"]
    with reporter.counting("short", total=3, unit="images") as counter:
        counter.advance(3)
    assert "short" not in out.getvalue()
    with reporter.counting("laying out", total=1, unit="maps") as counter:
        counter.advance()
    assert out.getvalue().endswith("\nlaying out\n")


def test_names_from_elsewhere_are_no_commands_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = shown_at(120, monkeypatch, what="[/b]\x1b[2J on x", note="[/x]\x1b]0;title\x07.jpg")
    assert "[/b]?[2J on x" in out
    assert "[/x]?]0;title?.jpg" in out
    said = io.StringIO()
    reporter = TerminalReporter()
    monkeypatch.setattr(reporter, "_console", Console(file=said))
    reporter.notice("can't be read: \x1b[2J.jpg\nsecond [line]")
    reporter.notice("::error::x")
    assert said.getvalue() == "can't be read: ?[2J.jpg?second [line]\n> ::error::x\n"


@pytest.mark.parametrize(("width", "parts"), [(50, 1), (60, 1), (72, 2), (80, 2), (100, 4), (160, 4)])
def test_a_note_says_as_much_as_there_is_room_for(width: int, parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = "41 images/s, loss 5.604, queue 100%, waiting 0%"
    shown = shown_at(width, monkeypatch, what="moco-v2 of resnet18", note=whole)
    last = [line for line in re.split(r"[\r\n]|\x1b\[[0-9;?]*[A-Za-z]", shown) if "1200" in line][-1]
    assert len(last) <= width
    assert ", ".join(whole.split(", ")[:parts]) in last
    assert ("waiting" in last) == (parts == 4)
    assert "1200/5782" in last
    assert ("━" in last) == (width >= 80)
    assert "…" not in last[-12:]


def test_names_from_elsewhere_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    (board,) = boards([record(backbone="[/bold] [x](y)", task="sample-style")])
    print_board(board)
    assert "[/bold]" in capsys.readouterr().out


def test_what_was_done_before_counts_and_tells_nothing_of_the_rate() -> None:
    said: list[str] = []
    times = iter([0.0, 0.0, 20.0])
    lines = LogLines("work", total=1000, unit="images", say=said.append, clock=lambda: next(times))
    lines.advance(900, note=RESUMED)
    lines.advance(10)
    # Ten in 20 s, and 90 to go.
    assert said == ["work: 910 of 1,000 images, 03:00 left"]
