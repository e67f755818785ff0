"""Processes that end with the process that started them, also if that one is killed."""

import os
import signal
import threading
import time

# Seconds for ending by itself, such as to store what is computed.
_TO_END = 10.0


def end_with_parent() -> None:
    """End this process once its standard input does, which is a pipe that the process that started it keeps open.

    Whatever ends that process closes the pipe. This one then gets SIGTERM, and SIGKILL if that has no effect.
    """
    threading.Thread(target=_watch, name="parent", daemon=True).start()


def _watch() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_TO_END)
    os.kill(os.getpid(), signal.SIGKILL)
