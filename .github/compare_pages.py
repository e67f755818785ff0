"""Compare submitted pages with those that the submitted records build: `compare_pages.py BUILT SUBMITTED`.

The exit status is 1 if a page differs, is missing, or is not built from records, and if anything else lies beside them.
`index.html` may be left out; which plotly draws it is part of it.
"""

import sys
from pathlib import Path

from artbench.cli.output import one_line
from artbench.runtime.text import printable
from artbench.runtime.untrusted import read_regular

LARGEST = 64 << 20
MAY_BE_ABSENT = "index.html"


def differences(built: Path, submitted: Path) -> list[str]:
    """Return a line for each file that is not as it should be."""
    made = {file.name for file in built.iterdir()}
    given = {file.name for file in submitted.iterdir()} - {"records"}
    found = [f"{name} is not built from the records" for name in sorted(given - made)]
    found += [f"{name} is missing" for name in sorted(made - given - {MAY_BE_ABSENT})]
    for name in sorted(made & given):
        try:
            same = read_regular(submitted / name, most=LARGEST) == (built / name).read_bytes()
        except OSError as error:
            found.append(f"{name} can't be read ({error.strerror})")
            continue
        if not same:
            found.append(f"{name} is not what the records build")
    return found


def main() -> int:
    """Print the differences, and return the exit status."""
    found = differences(Path(sys.argv[1]), Path(sys.argv[2]))
    for line in found:
        print(one_line(f"FAIL  {printable(line, escapes=True)}"))  # noqa: T201
    if found:
        print("Build them again: artbench leaderboard build --results leaderboards --out leaderboards")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
