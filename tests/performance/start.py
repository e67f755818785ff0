"""How long `artbench --help` and `artbench list tasks` take, against importing click and rich alone.

Run: python tests/performance/start.py
"""

import statistics
import subprocess
import sys
import time


def seconds(*words: str) -> float:
    """Wall clock of one run of Python with these words."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measure all three in turn, many times, so that a noisy machine troubles all alike."""
    commands = {
        "import click, rich": ["-c", "import click, rich"],
        "artbench --help": ["-m", "artbench", "--help"],
        "artbench list tasks": ["-m", "artbench", "list", "tasks"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(15):
        for name, words in commands.items():
            times[name].append(seconds(*words))
    peer = statistics.median(times["import click, rich"])
    for name, measured in times.items():
        median = statistics.median(measured)
        print(f"{name:22} {1000 * median:6.0f} ms   {median / peer:.2f} times `import click, rich`")


if __name__ == "__main__":
    main()
