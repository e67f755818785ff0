"""A sign of life while libraries load."""

import io
import sys
import threading

import pytest

from artbench.cli import life
from artbench.cli.output import echo


class Terminal(io.StringIO):
    """A stderr that tells when something is written."""

    def __init__(self, *, terminal: bool = True) -> None:
        super().__init__()
        self.written = threading.Event()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def flush(self) -> None:
        self.written.set()


def test_silence_is_broken_on_a_terminal_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    life.begin(seconds=0)
    assert terminal.written.wait(30)
    assert terminal.getvalue() == "loading libraries …\n"
    monkeypatch.setattr(sys, "stderr", pipe := Terminal(terminal=False))
    before = threading.active_count()
    life.begin(seconds=60)
    assert threading.active_count() == before
    assert pipe.getvalue() == ""


def test_the_tab_key_shows_what_a_word_can_become_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("_ARTBENCH_COMPLETE", "bash_complete")
    before = threading.active_count()
    life.begin(seconds=60)
    assert threading.active_count() == before


def test_what_says_something_needs_no_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    before = set(threading.enumerate())
    life.begin(seconds=60)
    (waiting,) = set(threading.enumerate()) - before
    echo("data", err=True)
    waiting.join(30)
    assert not waiting.is_alive()
