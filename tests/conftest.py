"""What is settled before any test imports torch."""

import os
import signal

# Else a thread of OpenMP that waits for another one spins. Where the cores are shared, with other programs or with
# processes that a test starts, that takes the time of the one it waits for: some tests then take ten times as long.
# Results are the same. The processes that tests start inherit it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Shells start jobs in the background with Ctrl-C ignored, and `nohup` starts them with the end of a terminal ignored.
# Processes inherit that; some tests send these signals.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
