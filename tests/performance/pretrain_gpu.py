"""Images per second of MoCo v2 with ResNet-50 at 128 px, batches of 256, on one GPU, and what they are compared with.

    python -m tests.performance.pretrain_gpu [STEPS] [ROUNDS]

(a) The usual loop: ImageFolder, torchvision's transforms, a DataLoader with 16 workers, float32. (b) lightly's MoCo v2,
as its example has it, in bfloat16 and channels last. (c) The networks alone, on a batch that is on the
device. The aims are 3 times (a), 1.5 times (b) and 90 % of (c). Takes at most 8 minutes; skips with a reason where
there is no GPU.
"""

import copy
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import timm
import torch
from lightly.loss import NTXentLoss  # type: ignore[import-untyped]
from lightly.models.modules import MoCoProjectionHead  # type: ignore[import-untyped]
from lightly.models.utils import deactivate_requires_grad, update_momentum  # type: ignore[import-untyped]
from lightly.transforms.moco_transform import MoCoV2Transform

from artbench.runtime.machine import hardware_name
from tests.performance.features_common import say
from tests.performance.pretrain_throughput import Job, alone, made_pool, ours, rate_of, usual

COUNT = 4096
# The queue can't be longer than the pool.
RESNET50 = Job(backbone="resnet50", batch=256, queue=COUNT, device="cuda", workers=16)


def with_lightly(folder: Path, steps: int, job: Job) -> float:
    """Images per second of a loop of lightly's parts, from an ImageFolder."""
    query = encoder(job)
    key = copy.deepcopy(query)
    deactivate_requires_grad(key)
    criterion = NTXentLoss(temperature=0.2, memory_bank_size=(job.queue, 128)).to(job.device)
    optimizer = torch.optim.SGD(query.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)

    def step(first: torch.Tensor, second: torch.Tensor) -> None:
        move = partial(torch.Tensor.to, device=job.device, memory_format=torch.channels_last, non_blocking=True)
        update_momentum(query, key, m=0.99)
        with torch.autocast(job.device, torch.bfloat16):
            embedded = query(move(first))
            with torch.no_grad():
                keys = key(move(second))
            loss = criterion(embedded, keys)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return rate_of(folder, steps, job, transform=MoCoV2Transform(input_size=128), step=step)


def encoder(job: Job) -> torch.nn.Module:
    features: Any = timm.create_model(job.backbone, num_classes=0)
    width = features.num_features
    head = MoCoProjectionHead(input_dim=width, hidden_dim=width, output_dim=128)
    made = torch.nn.Sequential(features, head).train().to(job.device)
    return made.to(memory_format=torch.channels_last)


def measure(job: Job, *, count: int, side: int, steps: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        pool = made_pool(folder, count=count, side=side)
        rates: dict[str, list[float]] = {name: [] for name in ("artbench", "a", "b", "c")}
        for number in range(rounds):
            rates["a"].append(usual(folder / "images", min(steps, 10), job))
            rates["b"].append(with_lightly(folder / "images", min(steps, 10), job))
            rates["c"].append(alone(pool, steps, job))
            if job.device == "cuda":
                torch.cuda.reset_peak_memory_stats()
            rates["artbench"].append(ours(pool, folder / f"out{number}", steps, job))
            say(", ".join(f"{name} {found[-1]:.1f} images/s" for name, found in rates.items()))
        if job.device == "cuda":
            say(f"{torch.cuda.max_memory_allocated() / 1e9:.1f} GB of GPU memory at most")
        share = median(rate / limit for rate, limit in zip(rates["artbench"], rates["c"], strict=True))
        for name, aim in (("a", 3.0), ("b", 1.5), ("c", 0.9)):
            ratio = median(rate / other for rate, other in zip(rates["artbench"], rates[name], strict=True))
            say(f"{ratio:.2f} times ({name}), the aim is {aim}")
        say(f"the device waits for {max(0.0, 1 - share):.0%} of the time")


def main(steps: str = "60", rounds: str = "2") -> None:
    if not torch.cuda.is_available():
        say("skipped: there is no CUDA device")
        return
    say(hardware_name("cuda"))
    measure(RESNET50, count=COUNT, side=512, steps=int(steps), rounds=int(rounds))


if __name__ == "__main__":
    main(*sys.argv[1:])
