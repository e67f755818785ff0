"""The command line without a process of its own, which would import torch and timm again: some seconds each time.

Signals, what an import costs, and what a library writes past Python are tested with processes.
"""

import signal
import sys
from dataclasses import dataclass

import pytest

from artbench.cli.main import main


@dataclass(frozen=True)
class Called:
    """What `subprocess.run` gives."""

    returncode: int
    stdout: str
    stderr: str


class CommandLine:
    """Calls `artbench` in this process, with the working directory and environment of the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def __call__(self, *words: str) -> Called:
        self._capfd.readouterr()
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with self._monkeypatch.context() as patches:
                patches.setattr(sys, "argv", ["artbench", *words])
                with pytest.raises(SystemExit) as ended:
                    main()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        assert isinstance(ended.value.code, int)
        return Called(ended.value.code, *self._capfd.readouterr())
