"""The learning curve that `pretrain_learns.py` measured, drawn from its records: accuracy against images seen.

    python tests/performance/pretrain_curve.py OUT PICTURE.png

OUT is the folder that was given to `pretrain_learns.py`. The dashed lines are ImageNet's, from the published records.
Prints the table of the figures too, as Markdown.
"""

import json
import sys
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.performance.features_common import say
from tests.performance.pretrain_learns import TASKS

PUBLISHED = Path(__file__).parents[2] / "leaderboards"
PEER, PEER_NAME = "tf_efficientnet_lite0", "EfficientNet-Lite0,\nImageNet's labels"
BLUE, GREY, INK = "#0b66b0", "#6b6b6b", "#222222"

# Accuracy and its 95 % interval, in percent.
Point = tuple[float, float, float]


def records(results: Path, task: str) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted((results / "records" / f"wikiart-{task}").glob("*.json"))]


def point(record: dict[str, Any]) -> Point:
    accuracy = record["metrics"]["accuracy"]
    return 100 * accuracy["value"], 100 * accuracy["ci95"][0], 100 * accuracy["ci95"][1]


def curve(results: Path, task: str) -> dict[int, Point]:
    """What random weights, the checkpoints on the way, and the encoder at the end have, by images seen."""
    found = {record["pretraining"]: record for record in records(results, task)}
    end = found["moco"]["encoder"]["training"]
    batch = end["images_seen"] // end["steps"]
    points = {0: point(found["random"]), end["images_seen"]: point(found["moco"])}
    for name, record in found.items():
        if name.startswith("step-"):
            points[int(name.removeprefix("step-").partition(".")[0]) * batch] = point(record)
    return dict(sorted(points.items()))


def peer(task: str) -> Point:
    (found,) = (
        point(record)
        for record in records(PUBLISHED, task)
        if (record["backbone"], record["pretraining"]) == (PEER, "imagenet")
    )
    return found


def draw(axes: Axes, task: str, points: dict[int, Point], imagenet: float) -> None:
    seen = [number / 1000 for number in points]
    middle, low, high = zip(*points.values(), strict=True)
    axes.fill_between(seen, low, high, color=BLUE, alpha=0.15, linewidth=0)
    axes.plot(seen, middle, color=BLUE, marker="o", markersize=5, linewidth=2)
    axes.axhline(middle[0], color=GREY, linewidth=1, linestyle=":")
    axes.axhline(imagenet, color=INK, linewidth=1.2, linestyle="--")
    axes.annotate(f"{middle[-1]:.1f}", (seen[-1], high[-1]), (0, 3), textcoords="offset points", ha="right", color=BLUE)
    axes.annotate(
        f"{middle[0]:.1f}, random weights", (seen[-1], middle[0]), (0, -12), textcoords="offset points", ha="right",
        color=GREY,
    )  # fmt: skip
    axes.annotate(f"{imagenet:.1f}", (seen[-1], imagenet), (0, 3), textcoords="offset points", ha="right", color=INK)
    axes.set_title(task, loc="left", fontsize=12, color=INK)
    axes.set_xlabel("images seen, thousands", color=INK)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, colors=INK)


def main(out: str, picture: str) -> None:
    curves = {task: curve(Path(out) / "results", task) for task in TASKS}
    figure = Figure(figsize=(10, 4), dpi=150, layout="constrained", facecolor="white")
    panels = figure.subplots(1, len(TASKS), sharey=True)
    for axes, task in zip(panels, TASKS, strict=True):
        draw(axes, task, curves[task], peer(task)[0])
    panels[0].set_ylabel("accuracy, %", color=INK)
    panels[0].annotate(PEER_NAME, (0, peer(TASKS[0])[0]), (0, -28), textcoords="offset points", color=INK)
    figure.savefig(picture)
    say(f"| images seen | {' | '.join(f'{task}, %' for task in TASKS)} |")
    say("|" + "--:|" * (len(TASKS) + 1))
    for seen in curves[TASKS[0]]:
        say(f"| {seen:,} | {' | '.join(f'{curves[task][seen][0]:.1f}' for task in TASKS)} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
