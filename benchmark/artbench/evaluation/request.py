"""What to run, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

from artbench.data.folders import DatasetPaths
from artbench.encoders.normalisation import Normalisation
from artbench.errors import UsageError
from artbench.evaluation.prompts import prompts_of
from artbench.plugins.known import form_of, is_searched
from artbench.protocol import DEFAULT_PROTOCOL, RETRIEVAL_V1, ROBUSTNESS_V1, OwnProbe, Preprocessing, Protocol
from artbench.records.record import Record
from artbench.records.unlabelled import UnlabelledResult
from artbench.runtime.files import cache_folder
from artbench.specs import AnswerForm, TaskSpec
from artbench.specs.variants import sweep

if TYPE_CHECKING:
    from artbench.leaderboard.ranking import Place


class Extracting(TypedDict):
    """What of a request says how features are extracted: arguments of `artbench.features.extract`."""

    picture: Preprocessing
    cache: Path
    batch_size: int | None
    workers: int | None
    fresh: bool
    compiled: bool
    decoder: Literal["cpu", "gpu"]


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What to run: the options of `artbench run`.

    Attributes:
        protocol: Protocol for tasks that ask for labels; tasks that ask for the year use its variant for years, and
            tasks of retrieval `retrieval-v1`. Or a variant of that, for tasks of retrieval alone; or `zero-shot-v1`,
            for tasks with one class per image that have prompts; or that of a plugin.
        compiled: Whether networks are compiled for the extraction.
        normalisation: Mean and standard deviation for the checkpoints; None: those of their layout or the backbone.
        decoder: What decodes plain JPEGs.
        shots: Numbers of training images per class to fit on instead of all; one protocol each.
        width: Number of principal components of train to reduce features to; None: all features.
        store_tokens: Whether tokens, for a probe that sees them, are kept in the feature store.
    """

    backbones: Sequence[str]
    tasks: Sequence[str]
    pretrainings: Sequence[str] = ("imagenet",)
    results: Path = Path("results")
    paths: DatasetPaths = field(default_factory=DatasetPaths)
    device: str = "auto"
    batch_size: int | None = None
    workers: int | None = None
    seed: int = 0
    fresh: bool = False
    compiled: bool = False
    normalisation: Normalisation | None = None
    decoder: Literal["cpu", "gpu"] = "cpu"
    allow_partial: bool = False
    exclude: Path | None = None
    protocol: Protocol = DEFAULT_PROTOCOL
    shots: Sequence[int] = ()
    width: int | None = None
    store_tokens: bool = False

    @property
    def extracting(self) -> Extracting:
        """How features are extracted, into the cache.

        Raises:
            ArtbenchError: There is no cache folder.
        """
        return {
            "picture": self.protocol.picture,
            "cache": cache_folder(to_read=True) / "features",
            "batch_size": self.batch_size,
            "workers": self.workers,
            "fresh": self.fresh,
            "compiled": self.compiled,
            "decoder": self.decoder,
        }

    @property
    def sees_tokens(self) -> bool:
        """Whether the probe sees the tokens of an image."""
        return self.protocol.own is not None and self.protocol.own.features == "tokens"

    @property
    def swept(self) -> list[str]:
        """Names of backbones, those with a range such as `resnet18@layer=1..4` written out.

        Raises:
            UsageError: A range is empty or too long.
        """
        return [name for asked in self.backbones for name in sweep(asked)]

    def protocols(self, task: TaskSpec) -> tuple[Protocol, ...]:
        """Return the protocols under which a task is run.

        Raises:
            UsageError: The request has shots, and the task is not single-label; or a width, and an index is searched;
                or its protocol searches an index, and the task has none; or it is not for this form of answer; or its
                probe sees no tokens that could be stored.
        """
        form, protocol = form_of(task.target), self._protocol(task)
        if self.store_tokens and not self.sees_tokens:
            raise UsageError(
                f"--store-tokens is for probes that see tokens, and that of {protocol.name} does not",
                mend="Leave --store-tokens out, or give the --protocol of one that does",
            )
        if protocol.own is not None or protocol.zero_shot is not None:
            return (protocol,)
        if self.width is not None:
            protocol = protocol.with_width(self.width)
        if not self.shots:
            return (protocol,)
        if form != "class":
            raise UsageError(
                f"--shots draws images of each class, and {task.name} is a {task.target} task",
                mend="Name tasks with one class per image, or leave --shots out",
            )
        return tuple(protocol.with_shots(shots) for shots in sorted(set(self.shots)))

    def _with_texts(self, task: TaskSpec, form: AnswerForm, protocol: Protocol) -> Protocol:
        if form != "class":
            raise UsageError(
                f"{protocol.name} tells one class per image, and {task.name} is a {task.target} task",
                mend="Name tasks with one class per image, or leave --protocol out",
            )
        if self.shots or self.width is not None:
            raise UsageError(f"{protocol.name} fits nothing: it has no shots and no width", mend="Leave them out")
        return protocol.with_prompts(prompts_of(task).sha256)

    def _protocol(self, task: TaskSpec) -> Protocol:
        """Return the protocol for a task's form of answers; raise UsageError if the one asked for has another form."""
        form, protocol = form_of(task.target), self.protocol
        if protocol.zero_shot is not None:
            return self._with_texts(task, form, protocol)
        if protocol.own is not None:
            self._check_own(protocol.own, form, task)
            return protocol
        if is_searched(task.target):
            return self._searching(task, form)
        if protocol.search is not None:
            raise UsageError(
                f"{protocol.name} searches an index, and {task.name} is a {task.target} task",
                mend="Name a task of retrieval, or leave --protocol out",
            )
        if form == "number":
            return protocol.for_years()
        if protocol.for_years() == protocol:
            raise UsageError(
                f"{protocol.name} is for numbers, and {task.name} is a {task.target} task",
                mend="Leave --protocol out",
            )
        return protocol

    def _searching(self, task: TaskSpec, form: AnswerForm) -> Protocol:
        if self.width is not None:
            raise UsageError(
                f"--width is of what a probe is fitted on, and {task.name} searches an index",
                mend="Leave --width out, or ask for --protocol retrieval-v1-whitening-64",
            )
        if form == "neighbours":
            return ROBUSTNESS_V1
        return RETRIEVAL_V1 if self.protocol.search is None or self.protocol == ROBUSTNESS_V1 else self.protocol

    def _check_own(self, own: OwnProbe, form: AnswerForm, task: TaskSpec) -> None:
        """Raise UsageError if a plugin's probe is asked for what it does not do."""
        name = self.protocol.name
        if form not in own.answers:
            raise UsageError(
                f"{name} answers to {' and '.join(own.answers)}, and {task.name} is a {task.target} task ({form})",
                mend="Leave --protocol out, or name other tasks",
            )
        if self.width is not None or self.shots:
            option = "--shots" if self.shots else "--width"
            raise UsageError(f"{option} is of linear-v2, and {name} has a probe of its own", mend=f"Leave {option} out")


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """One record and its rank.

    Attributes:
        record: The record.
        file: File of the record.
        new: Whether this run measured it; otherwise it was on record.
        place: Rank, or ranks, among the records that it can be compared with.
        of: Number of those records.
    """

    record: Record
    file: Path
    new: bool
    place: "Place"
    of: int


@dataclass(frozen=True, kw_only=True)
class RunOutcome:
    """The results of a run.

    Attributes:
        results: Results in the order of encoders, then tasks.
        failures: Reasons why encoders could not be run, by encoder.
        unlabelled: Results for datasets without labels, which `artbench.api.run.run_request` adds.
    """

    results: tuple[RunResult, ...]
    failures: Mapping[str, str]
    unlabelled: tuple[UnlabelledResult, ...] = ()
