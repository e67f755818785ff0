"""Ctrl-C and SIGTERM end a command at any moment, whatever plugins and libraries make of them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from artbench.cli.signals import INTERRUPTED

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")

ENDLESS = """
import time
from pathlib import Path
Path("there").touch()
time.sleep(600)
"""
SWALLOWING = """
import time
from pathlib import Path
Path("there").touch()
while True:
    try:
        time.sleep(600)
    except BaseException:
        pass
"""
AT_THE_END = f"""
import atexit
atexit.register(lambda: exec({ENDLESS!r}))
"""
# One of several processes dies of another signal than that which it was sent.
DYING = """
import os, signal
signal.signal(signal.SIGINT, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
from pathlib import Path
Path("there-" + os.environ["RANK"]).touch()
import time
time.sleep(600)
"""


def appears(*files: Path) -> None:
    end = time.monotonic() + 60
    while not all(file.exists() for file in files) and time.monotonic() < end:
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("file", "content"),
    [("click.py", ENDLESS), ("plugin.py", SWALLOWING), ("plugin.py", AT_THE_END)],
    ids=["while it starts", "swallowed by a plugin", "at the very end"],
)
def test_it_gets_out_with_one_line(tmp_path: Path, number: signal.Signals, file: str, content: str) -> None:
    (tmp_path / "plugin.py").write_text("")
    (tmp_path / file).write_text(content)
    process = subprocess.Popen(
        [sys.executable, "-m", "artbench", "list", "tasks", "--plugin", "plugin.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    appears(tmp_path / "there")
    while process.poll() is None:
        # As a user does who sees nothing happen.
        process.send_signal(number)
        time.sleep(0.2)
    assert process.stderr is not None
    told = process.stderr.read()
    assert process.returncode == 128 + number, told
    assert told.count(INTERRUPTED) == 1
    assert "Traceback" not in told


def test_the_status_of_several_is_that_of_the_signal_which_they_were_handed(tmp_path: Path) -> None:
    (tmp_path / "plugin.py").write_text(DYING)
    several = (
        "from artbench.runtime.several import run_several as run; import sys; sys.exit(run(sys.argv[1:], count=2))"
    )
    process = subprocess.Popen([sys.executable, "-c", several, "list", "tasks", "--plugin", "plugin.py"], cwd=tmp_path)
    appears(tmp_path / "there-0", tmp_path / "there-1")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 128 + signal.SIGINT
