"""Whether MoCo learns from a few thousand paintings in 25 minutes: resnet18 at 128 px against random weights.

    python tests/performance/pretrain_learns.py OUT [KEY=VALUE]...

Trains by `moco-v2-small` on the training images of the part of WikiArt next to the repository, seed 0; then
`artbench run` measures random weights, every checkpoint on the way and the result on style, artist and
genre. OUT keeps it all: the same command goes on where it was stopped. A checkpoint on the way is measured by its
momentum encoder.
"""

import json
import subprocess
import sys
from pathlib import Path

from tests.performance.features_common import say
from tests.support.real_data import REAL_DATA

TASKS = ("style", "artist", "genre")
# Percentage points over random weights.
WANTED = {"style": 6, "artist": 8, "genre": 4}


def artbench(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "artbench", *words], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def main(out: str, *pairs: str) -> None:
    trained, data = Path(out) / "moco", f"wikiart={REAL_DATA / 'wikiart-mini'}"
    settings = [word for pair in pairs for word in ("--set", pair)]
    if not (trained / "encoder.safetensors").is_file():
        options = ["--pack", "--resume", "--keep", "99", "--save-minutes", "4"]
        words = ["--backbone", "resnet18", "--dataset", "wikiart", "--data", data, "--out", str(trained)]
        artbench("pretrain", "moco-v2-small", *words, *options, *settings)
    if not (trained / "encoder.safetensors").is_file():
        say("stopped before the end; the same command goes on")
        return
    checkpoints = [str(file) for file in sorted((trained / "checkpoints").glob("*.safetensors"))[:-1]]
    names = ["random", *checkpoints, str(trained)]
    words = [word for name in names for word in ("--pretraining", name)]
    words += [word for task in TASKS for word in ("--task", f"wikiart-{task}")]
    where = ["--data", data, "--results", str(Path(out) / "results"), "--allow-partial", "--json"]
    accuracy: dict[str, dict[str, float]] = {}
    for record in json.loads(artbench("run", "--backbone", "resnet18", *words, *where)):
        task = record["task"].removeprefix("wikiart-")
        accuracy.setdefault(record["pretraining"], {})[task] = 100 * record["metrics"]["accuracy"]["value"]
    for name, row in accuracy.items():
        label = {"random": "random weights", "moco": "the end"}.get(name, name.removesuffix(".safetensors"))
        say(f"{label:24}" + "".join(f"{task} {row[task]:5.1f}   " for task in TASKS))
    gains = {task: accuracy["moco"][task] - accuracy["random"][task] for task in TASKS}
    for task, gain in gains.items():
        say(f"{task}: {gain:+.1f} points over random weights, wanted {WANTED[task]:+d}")


if __name__ == "__main__":
    main(*sys.argv[1:])
