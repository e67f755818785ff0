"""What can't be measured, and is refused before an image is read: pictures without texts, widths that are too large."""

from collections.abc import Callable, Sequence

from artbench.data.opening import OpenTask
from artbench.encoders.embedding import check_text
from artbench.encoders.request import EncoderRequest
from artbench.errors import ArtbenchError
from artbench.evaluation.failures import Failures
from artbench.evaluation.splits import check_images
from artbench.plugins.registry import Registry
from artbench.probe.width import check_width
from artbench.protocol import Protocol
from artbench.records.record import task_under


def refuse_without_text(encoders: Sequence[EncoderRequest], registry: Registry, *, failures: Failures) -> None:
    """Put encoders that see pictures alone among the failures."""
    for candidate in encoders:
        try:
            check_text(candidate.backbone, registry)
        except ArtbenchError as error:
            failures.encoder(candidate, error)


def refuse_widths(
    width: int,
    encoders: Sequence[EncoderRequest],
    asked: Sequence[tuple[OpenTask, Protocol]],
    *,
    feature_dim: Callable[[EncoderRequest], int | None],
    failures: Failures,
) -> set[str]:
    """Put encoders and tasks that can't have a common width among the failures; return the names of these tasks."""
    for candidate in encoders:
        try:
            check_width(width, features=feature_dim(candidate))
        except ArtbenchError as error:
            failures.encoder(candidate, error)
    too_small = set()
    for task, protocol in asked:
        try:
            check_images(task, protocol)
        except ArtbenchError as error:
            too_small.add(measured_name(task, protocol))
            for candidate in [one for one in encoders if not failures.is_broken(one)]:
                failures.add(candidate, [failures.task(measured_name(task, protocol), candidate, error)])
    return too_small


def measured_name(task: OpenTask, protocol: Protocol) -> str:
    """Return what a task under a protocol is called: with its width, and how many images of a class it is fitted on."""
    shots = None if protocol.few_shot is None else protocol.few_shot.shots
    return task_under(task.spec.name, width=protocol.width, shots=shots)
