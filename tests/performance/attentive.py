"""What the attentive probe costs against the linear one, on the same encoder and task in one run.

Says the time of the processor (or the seconds for which a GPU was held) of each probe, with the passes over tokens.

python -m tests.performance.attentive [BACKBONE] [TASK]
"""

import sys
import tempfile
from pathlib import Path

import artbench
from tests.performance.features_common import say


def main(backbone: str = "resnet18@size=64", task: str = "sample-style") -> None:
    with tempfile.TemporaryDirectory() as temporary:
        spent = {}
        for protocol in ("linear-v2", "attentive-v1"):
            record = artbench.run(
                backbone=backbone,
                task=task,
                pretraining="random",
                protocol=protocol,
                results=Path(temporary) / "results",
                fresh=True,
            )
            assert record.timing.probe is not None
            spent[protocol] = record.timing.probe.device_s
            found = record.metrics[record.primary_metric].value
            say(f"{protocol}: {spent[protocol]:.1f} s, {record.primary_metric} {found:.1%}")
        say(f"{backbone} on {task}: {spent['attentive-v1'] / spent['linear-v2']:.0f} times the time of linear-v2")


if __name__ == "__main__":
    main(*sys.argv[1:])
