"""What is settled before any test imports torch, and which files begin first."""

import os
import signal
from pathlib import Path

import pytest

# Else a thread of OpenMP that waits for another one spins. Where the cores are shared, with other programs or with
# processes that a test starts, that takes the time of the one it waits for: some tests then take ten times as long.
# Results are the same. The processes that tests start inherit it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Shells start jobs in the background with Ctrl-C ignored, and `nohup` starts them with the end of a terminal ignored.
# Processes inherit that; some tests send these signals.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)

# Files that take longest where two processes share the tests. They begin first: one that begins last keeps one process
# busy while the others have nothing left to do. Those that wait for daemons stand between those that compute.
LONGEST = (
    "benchmark/matrix/test_slurm_failures.py",
    "benchmark/plugins/scaffold/test_packages.py",
    "benchmark/cli/test_run_command.py",
    "benchmark/matrix/test_ray_failures.py",
    "benchmark/catalogue/test_predict.py",
    "benchmark/pretrain/test_processes.py",
    "benchmark/matrix/test_slurm.py",
    "docs/test_examples.py",
    "benchmark/probe/test_solver.py",
    "benchmark/matrix/test_ray.py",
    "benchmark/cli/test_plugins_command.py",
    "benchmark/explain/gradcam/test_gradcam_command.py",
    "benchmark/matrix/test_local.py",
    "benchmark/leaderboard/validation/test_workflow.py",
    "benchmark/leaderboard/validation/test_fuzz_submissions.py",
    "benchmark/matrix/test_ray_memory.py",
    "docs/test_plugins_page.py",
    "benchmark/pretrain/test_resuming.py",
    "benchmark/leaderboard/page/test_page.py",
    "benchmark/pretrain/test_hanging.py",
    "benchmark/pretrain/test_stops_together.py",
    "benchmark/pretrain/test_alike.py",
)


def pytest_configure(config: pytest.Config) -> None:
    # xdist would begin with the files that have most tests.
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the others stay in their order."""
    place = {Path(__file__).parent / file: number for number, file in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))
