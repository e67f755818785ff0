"""`artbench leaderboard check` as anybody runs it; a last line on stderr says what its process took.

`python -m tests.support.check_command DIR [OPTION]...`
"""

import json
import sys

from artbench.cli.main import artbench
from tests.support.memory import peak_megabytes


def main() -> None:
    """Run the command."""
    status = artbench.main(["leaderboard", "check", *sys.argv[1:]], standalone_mode=False)
    libraries = sorted({"torch", "timm", "torchvision"} & sys.modules.keys())
    print(json.dumps({"megabytes": peak_megabytes(), "libraries": libraries}), file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
