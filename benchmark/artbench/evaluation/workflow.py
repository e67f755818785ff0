"""The main job: every encoder on every task, each result on record."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import product

import numpy as np

from artbench.data.exclusion import NOTHING, read_exclusions
from artbench.data.opening import OpenTask, open_tasks
from artbench.encoders.encoder import Encoder
from artbench.encoders.request import EncoderRequest, NetworkKey, Training, by_network, encoder_requests
from artbench.encoders.sizes import counted_sizes
from artbench.encoders.tokens import token_encoder
from artbench.errors import ArtbenchError
from artbench.evaluation.failures import Failures
from artbench.evaluation.once import fitted_by_one
from artbench.evaluation.other_plugins import other_plugins
from artbench.evaluation.prompts import prompts_of
from artbench.evaluation.record_builder import check_kept, evaluate
from artbench.evaluation.refusals import measured_name, refuse_widths, refuse_without_text
from artbench.evaluation.request import RunOutcome, RunRequest, RunResult
from artbench.evaluation.tokens import read_tokens
from artbench.features.extract import Features, extract
from artbench.features.pipeline import NotFiniteError
from artbench.features.tokens import TokenSource
from artbench.leaderboard.board import boards
from artbench.leaderboard.build import build_from
from artbench.leaderboard.literature import literature
from artbench.plugins.known import form_of
from artbench.plugins.registry import Registry
from artbench.protocol import Protocol
from artbench.records.folder import ResultsFolder, ResultsIndex
from artbench.records.format import measured
from artbench.records.record import Record, task_name
from artbench.runtime.distributed import Group, current_group
from artbench.runtime.machine import choose_device
from artbench.runtime.progress import Reporter


def run(
    request: RunRequest,
    *,
    registry: Registry,
    reporter: Reporter,
    trainings: Callable[[str, str], Training] | None = None,
    pages: bool = True,
) -> RunOutcome:
    """Run every encoder on every task that is not on record, and update the leaderboards.

    An encoder that fails is named in the outcome, and the others are run. Under `torchrun`, inside `process_group`,
    every process makes the same call: all share the extraction, and the first one does the rest.

    Args:
        request: What to run.
        registry: The loaded plugins.
        reporter: Receives progress and notices.
        trainings: See `encoder_requests`; `artbench.pretrain.cached_training.trainings_for` makes it.
        pages: Whether to update the leaderboards.

    Raises:
        UsageError: A name is unknown, or an option makes no sense; nothing was started.
        ArtbenchError: The data is not what it should be, or the results can't be written.
    """
    for name in (name for asked in request.tasks for name in registry.tasks.expand(asked)):
        spec = registry.tasks.get(name)
        if request.protocol.zero_shot is not None and form_of(spec.target) == "class":
            prompts_of(spec, registry)
        request.protocols(spec)
    group = current_group()
    results = ResultsFolder(request.results)
    group.from_first(results.check_writable)
    device = choose_device(request.device)
    encoders = list(
        encoder_requests(
            request.swept,
            request.pretrainings,
            registry=registry,
            seed=request.seed,
            normalisation=request.normalisation,
            trainings=trainings,
        )
    )
    datasets = group.first_then_others(
        lambda: open_tasks(
            request.tasks,
            registry=registry,
            paths=request.paths,
            allow_partial=request.allow_partial,
            exclusions=NOTHING if request.exclude is None else read_exclusions(request.exclude),
            reporter=reporter,
        )
    )
    for task in (task for tasks in datasets for task in tasks):
        for protocol in request.protocols(task.spec):
            check_kept(task, protocol)
    work = _Work(
        request=request,
        device=device,
        ledger=ResultsIndex(results, reporter),
        group=group,
        failures=Failures(reporter=reporter),
        reporter=reporter,
    )
    work.refuse(encoders, datasets, registry)
    for variants in by_network(encoders):
        for tasks in datasets:
            work.measure(variants, tasks)
    out = request.results / "leaderboards"
    if pages and (work.ledger.new or results.newer_than(out / "README.md")):
        build_from(results, out, literature=literature(registry), reporter=reporter)
    outcome = RunOutcome(results=tuple(work.results(encoders, datasets)), failures=work.failures.reasons)
    for said in other_plugins(outcome.results, registry):
        reporter.notice(said)
    return outcome


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What all steps of a run need."""

    request: RunRequest
    device: str
    ledger: ResultsIndex
    group: Group
    failures: Failures
    reporter: Reporter
    # The one that is in memory.
    _networks: dict[NetworkKey, Encoder] = field(default_factory=dict)
    # Names of tasks, with width and shots, that have too few training images.
    _too_small: set[str] = field(default_factory=set)
    # State of the data that each task is measured on, by its name.
    _states: dict[str, str] = field(default_factory=dict)

    def with_protocols(self, tasks: Sequence[OpenTask]) -> list[tuple[OpenTask, Protocol]]:
        asked = [(task, protocol) for task in tasks for protocol in self.request.protocols(task.spec)]
        return [(task, protocol) for task, protocol in asked if measured_name(task, protocol) not in self._too_small]

    def refuse(
        self, encoders: Sequence[EncoderRequest], datasets: Sequence[Sequence[OpenTask]], registry: Registry
    ) -> None:
        """Put what can't be measured among the failures, before an image is read."""
        if self.request.width is not None:
            asked = [one for tasks in datasets for one in self.with_protocols(tasks)]
            self._too_small.update(
                refuse_widths(self.request.width, encoders, asked, feature_dim=self.feature_dim, failures=self.failures)
            )
        if self.request.protocol.zero_shot is not None:
            refuse_without_text(encoders, registry, failures=self.failures)

    def feature_dim(self, candidate: EncoderRequest) -> int | None:
        """Return the length of an encoder's feature vectors; None: it would have to be trained to tell."""
        sizes = counted_sizes(candidate.backbone)
        if sizes is not None:
            return sizes.feature_dim
        return self.build([candidate])[0].feature_dim if candidate.training is None else None

    def on_record(self, task: OpenTask, protocol: Protocol, candidate: EncoderRequest) -> Record | None:
        name = task.spec.name
        if name not in self._states:
            if all(record.dataset.listing != task.listing for record in self.ledger.records):
                return None  # Without reading an image.
            self._states[name] = task.fingerprint(self.reporter)
        return self.ledger.find(task.board(protocol, self._states[name]), candidate.made)

    def lacking(
        self, variants: Sequence[EncoderRequest], tasks: Sequence[OpenTask]
    ) -> list[tuple[EncoderRequest, list[tuple[OpenTask, Protocol]]]]:
        """Return the variants that lack records, each with the tasks and protocols of these."""
        asked = self.with_protocols(tasks)

        def lacks(candidate: EncoderRequest) -> list[bool]:
            return [self.request.fresh or self.on_record(task, protocol, candidate) is None for task, protocol in asked]

        found = self.group.from_first(lambda: list(map(lacks, variants)))
        wanted = [[one for one, lack in zip(asked, each, strict=True) if lack] for each in found]
        return [(candidate, which) for candidate, which in zip(variants, wanted, strict=True) if which]

    def measure(self, variants: Sequence[EncoderRequest], tasks: Sequence[OpenTask]) -> None:
        """Run the variants of one network on the tasks of one dataset that lack their records, in one pass over it.

        Why a variant failed is told, and put into `failures` by its name. One that can't be built is not tried again.
        """
        request, group = self.request, self.group
        todo = self.lacking([one for one in variants if not self.failures.is_broken(one)], tasks)
        if not todo:
            return
        try:
            encoders = self.build([candidate for candidate, _ in todo])
            found = extract(
                encoders,
                tasks[0].dataset,
                np.unique(np.concatenate([task.rows for _, wanted in todo for task, _ in wanted])),
                device=self.device,
                **request.extracting,
                reporter=self.reporter,
            )
        except ArtbenchError as error:
            if isinstance(error, NotFiniteError) and len(todo) > 1 and group.size == 1:
                # In another layer or pool they may be finite: each by itself.
                for candidate, _ in todo:
                    self.measure([candidate], tasks)
                return
            for candidate, _ in todo:
                self.failures.encoder(candidate, error)
            return
        for (candidate, wanted), encoder, features in zip(todo, encoders, found, strict=True):
            try:
                tokens = read_tokens(
                    request, encoder, tasks[0].dataset, features, device=self.device, reporter=self.reporter
                )
                reasons = group.from_first(partial(self.enter, candidate, encoder, features, wanted, tokens))
                self.failures.add(candidate, reasons)
            except ArtbenchError as error:
                self.failures.encoder(candidate, error)

    def build(self, variants: Sequence[EncoderRequest]) -> list[Encoder]:
        """Build a network once, read as each of its variants says; and its tokens, if the probe sees them."""
        key = variants[0].network
        if key not in self._networks:
            self._networks.clear()
            build = partial(variants[0].build, self.reporter, device=self.device, workers=self.request.workers)
            self._networks[key] = self.group.together(build)
        encoders = [self._networks[key].at(one.backbone) for one in variants]
        for encoder in encoders if self.request.sees_tokens else ():
            token_encoder(encoder, picture=self.request.protocol.picture)
        return encoders

    def enter(
        self,
        candidate: EncoderRequest,
        encoder: Encoder,
        features: Features,
        wanted: Sequence[tuple[OpenTask, Protocol]],
        tokens: TokenSource | None,
    ) -> list[str]:
        """Evaluate the encoder on each task, and put the results on record.

        Returns:
            Why tasks failed, which is told and leaves the others alone.
        """
        reasons = []
        for task, protocol in wanted:
            with ExitStack() as alone:
                try:
                    alone.enter_context(
                        fitted_by_one(task, protocol, candidate, results=self.request.results, reporter=self.reporter)
                    )
                    if protocol.own is not None and not self.request.fresh:
                        self.ledger.look_again()
                        if self.on_record(task, protocol, candidate) is not None:
                            continue
                    done = evaluate(
                        task,
                        candidate,
                        encoder,
                        features,
                        protocol=protocol,
                        device=self.device,
                        tokens=tokens,
                        reporter=self.reporter,
                    )
                except ArtbenchError as error:
                    reasons.append(self.failures.task(measured_name(task, protocol), candidate, error))
                    continue
                record = self.ledger.enter(done.record, done.predictions, done.tables)
            self._states[task.spec.name] = record.dataset.fingerprint
            result = measured(record.primary_metric, record.primary)
            self.reporter.notice(f"{task_name(record)}, {candidate}: {result}")
        return reasons

    def results(
        self, encoders: Sequence[EncoderRequest], datasets: Sequence[Sequence[OpenTask]]
    ) -> Iterator[RunResult]:
        """Yield the requested records with their ranks."""
        ranked = {board.key: board for board in boards(self.ledger.records, self.ledger.folder.predictions_of)}
        for candidate, tasks in product(encoders, datasets):
            for task, protocol in self.with_protocols(tasks):
                record = self.on_record(task, protocol, candidate)
                if record is not None:
                    board = ranked[record.board]
                    yield RunResult(
                        record=record,
                        file=self.ledger.folder.file_of(record),
                        new=record.id in self.ledger.new,
                        place=board.place_of(record),
                        of=len(board.rows),
                    )
