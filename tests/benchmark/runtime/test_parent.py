"""A process ends with the one that started it, also if that one is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# Its child prints its number, and then waits; it waits for the child.
_PARENT = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE).wait()
"""
_CHILD = """
import os, signal, time
from artbench.runtime import parent
parent._TO_END = 0.5
if {deaf}:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
parent.end_with_parent()
print(os.getpid(), flush=True)
while True:
    time.sleep(60)
"""


@pytest.mark.parametrize("deaf", [False, True])
def test_a_child_ends_when_its_parent_is_killed(deaf: bool) -> None:
    command = [sys.executable, "-c", _PARENT, _CHILD.format(deaf=deaf)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        os.kill(child, 0)
        parent.send_signal(signal.SIGKILL)
        # It closes when the child, which prints to it too, has ended.
        assert parent.stdout.read() == ""
    until = time.monotonic() + 30
    while Path(f"/proc/{child}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
