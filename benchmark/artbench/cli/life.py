"""A sign of life on a terminal while libraries load, which takes seconds for torch."""

import os
import sys
import threading

# Set by shells that ask what a word can become: a line would be taken for what the user has typed.
_COMPLETING = "_ARTBENCH_COMPLETE"
# Seconds of silence before it.
_SILENCE = 1.0
_timer: threading.Timer | None = None


def begin(seconds: float = _SILENCE) -> None:
    """Print a line on stderr, if that is a terminal, unless `end` is called within so many seconds."""
    global _timer
    end()
    if sys.stderr.isatty() and _COMPLETING not in os.environ:
        _timer = threading.Timer(seconds, _say)
        _timer.daemon = True
        _timer.start()


def end() -> None:
    """Say nothing any more: something else is said, or the command is over."""
    if _timer is not None:
        _timer.cancel()


def _say() -> None:
    sys.stderr.write("loading libraries …\n")
    sys.stderr.flush()
