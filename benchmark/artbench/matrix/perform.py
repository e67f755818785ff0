"""Does one unit: trains an encoder, or measures one on the tasks of a dataset."""

from collections.abc import Callable
from typing import Any

from artbench.api.run import run_request
from artbench.data.unlabelled import find_unlabelled
from artbench.encoders.request import encoder_requests
from artbench.errors import ArtbenchError
from artbench.evaluation.workflow import run
from artbench.matrix.options import MatrixOptions
from artbench.matrix.units import Unit
from artbench.plugins.registry import Registry
from artbench.pretrain.cached_training import CachedTraining, trainings_for
from artbench.runtime.progress import Reporter


def perform(unit: Unit, options: MatrixOptions, *, registry: Registry, reporter: Reporter) -> dict[str, Any]:
    """Do a unit, as `artbench run` does it, without leaderboards.

    Under `torchrun`, inside `process_group`, every process makes the same call.

    Returns:
        What to write down about it: the names of its records' files, in the folder of records.

    Raises:
        ArtbenchError: Anything of the unit fails; what else could be measured is on record.
    """
    request = options.request(backbones=unit.backbones, pretraining=unit.pretraining, tasks=unit.tasks)
    trainings = _trainings(unit, options, registry, reporter)
    if unit.kind == "train":
        for one in encoder_requests(
            unit.backbones, [unit.pretraining], registry=registry, seed=options.seed, trainings=trainings
        ):
            assert one.training is not None
            file = one.training.encoder_file(device=options.device, workers=options.workers, reporter=reporter)
        return {"encoder": str(file)}
    if find_unlabelled(unit.tasks[0], registry=registry) is None:
        outcome = run(request, registry=registry, reporter=reporter, trainings=trainings, pages=False)
    else:
        outcome = run_request(request, registry=registry, reporter=reporter)
    if outcome.failures:
        raise ArtbenchError("; ".join(outcome.failures.values()).removesuffix("."))
    folder = request.results / "records"
    return {"records": [result.file.relative_to(folder).as_posix() for result in outcome.results]}


def _trainings(
    unit: Unit, options: MatrixOptions, registry: Registry, reporter: Reporter
) -> Callable[[str, str], CachedTraining]:
    """Trainings on the images of all tasks with labels in the matrix, as of one `artbench run` with all of them."""
    every = [task for asked in options.task for task in registry.tasks.expand(asked)]
    labelled = [task for task in every if find_unlabelled(task, registry=registry) is None]
    return trainings_for(
        labelled or list(unit.tasks),
        registry=registry,
        paths=options.paths,
        seed=options.seed,
        settings=options.settings,
        reporter=reporter,
    )
