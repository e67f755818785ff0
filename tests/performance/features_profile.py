"""Where the time of a forward pass goes, and how far it is from what the processor can do at most.

    python tests/performance/features_profile.py [BACKBONE]

Prints the share of each operation, the floating-point operations per second of the whole pass and those of one large
float32 matrix product (as good as it gets), all on one core.
"""

import sys
from statistics import median

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from artbench.runtime.machine import own_core_each
from tests.performance.features_common import encoder, say, seconds


def main(name: str = "resnet50") -> None:
    module = encoder(name).module.to(memory_format=torch.channels_last)
    batch = torch.rand(4, 3, 244, 244).contiguous(memory_format=torch.channels_last)
    square = torch.rand(2048, 2048)
    with torch.inference_mode(), own_core_each("cpu"):
        counter = FlopCounterMode(display=False)
        with counter:
            module(batch)
        best = 2 * 2048**3 / min(seconds(lambda: square @ square) for _ in range(8))
        passes = [seconds(lambda: module(batch)) for _ in range(6)]
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            for _ in range(3):
                module(batch)
    events = [event for event in profiler.key_averages() if event.self_cpu_time_total > 0]
    total = sum(event.self_cpu_time_total for event in events)
    for event in sorted(events, key=lambda event: -event.self_cpu_time_total)[:8]:
        say(f"{event.self_cpu_time_total / total:6.1%}  {event.key}")
    achieved = counter.get_total_flops() / min(passes)
    say(f"{name}: {counter.get_total_flops() / 4e9:.1f} GFLOP per image, {4 / median(passes):.2f} images/s on one core")
    say(f"{achieved / 1e9:.0f} GFLOP/s of {best / 1e9:.0f} in a matrix product, {achieved / best:.0%} of it")
    say(f"at the matrix product's speed it would be {best / counter.get_total_flops() * 4:.2f} images/s on one core")


if __name__ == "__main__":
    main(*sys.argv[1:])
