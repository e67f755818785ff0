"""How much longer `artbench explore` takes than the extraction of features alone, from nothing, in the same run.

    python tests/performance/explore_ratio.py collection:DIR [--runs 2] [--backbone tf_efficientnet_lite0]

Both run at the same moment, each in a process and a cache of its own, so that whatever else the machine does troubles
both alike. Processor time is that of all threads; `again` is an exploration whose features are stored. UMAP's library
compiles itself when it is first used: a small exploration before all others has that.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter


def taken(*calls: tuple[list[str], Path]) -> list[tuple[float, float]]:
    """Run artbench with words in a cache, all calls at once; return processor time and time of each in seconds."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "artbench", *words],
            env={**os.environ, "ARTBENCH_CACHE": str(cache)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for words, cache in calls
    ]
    begun, found = perf_counter(), {}
    for _ in running:
        pid, status, used = os.wait3(0)
        found[pid] = used.ru_utime + used.ru_stime, perf_counter() - begun
        if status:
            raise SystemExit(f"a call of artbench ended with status {os.waitstatus_to_exitcode(status)}")
    return [found[process.pid] for process in running]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset")
    parser.add_argument("--backbone", default="tf_efficientnet_lite0")
    parser.add_argument("--runs", type=int, default=2)
    asked = parser.parse_args()
    encoder = ["--backbone", asked.backbone]
    times: dict[str, list[tuple[float, float]]] = {"extraction": [], "explore": [], "again": []}
    for run in range(asked.runs):
        with tempfile.TemporaryDirectory() as folder:
            alone, whole = Path(folder, "alone"), Path(folder, "whole")
            export = ["features", "export", "--dataset", asked.dataset, *encoder, "--out", f"{folder}/features"]
            explore = ["explore", asked.dataset, *encoder, "--out", f"{folder}/page.html"]
            if run == 0:
                taken(([*explore, "--pictures", "40"], Path(folder, "first")))
            both = taken((export, alone), (explore, whole))
            for name, measured in zip(times, [*both, *taken((explore, whole))], strict=True):
                times[name].append(measured)
    peer = median(used for used, _ in times["extraction"])
    for name, all_of_it in times.items():
        used, seconds = (median(column) for column in zip(*all_of_it, strict=True))
        print(f"{name:10} {used:6.0f} s of processor time, {seconds:6.0f} s, {used / peer:.2f} times the extraction")


if __name__ == "__main__":
    main()
