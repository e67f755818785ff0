"""What is settled before any test imports torch."""

import os
import signal

# Else a thread of OpenMP that waits for another one spins. Where the cores are shared, with other programs or with
# processes that a test starts, that takes the time of the one it waits for: some tests then take ten times as long.
# Results are the same. The processes that tests start inherit it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Shells start jobs in the background with Ctrl-C ignored, and processes inherit that; some tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
