"""What a matrix is to measure: the options of `artbench run`, from flags or from a TOML file."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from artbench.data.folders import DatasetPaths
from artbench.encoders.normalisation import Normalisation
from artbench.errors import ArtbenchError, UsageError
from artbench.evaluation.request import RunRequest
from artbench.plugins.protocols import protocol_to_run
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.untrusted import read_regular

# Bytes of the largest file that is read; 10,000 encoders by name have half a megabyte.
_LARGEST = 16 << 20


def _several(value: object) -> object:
    """One name may stand for a list of one."""
    return (value,) if isinstance(value, str | int) else tuple(value) if isinstance(value, list) else value


def _gigabytes(value: object) -> object:
    """Read `16G`, `16GB`, `512M`, or a number of gigabytes."""
    if not isinstance(value, str):
        return value
    number, unit = value.strip().upper().removesuffix("B"), 1.0
    if number[-1:] in ("G", "M"):
        number, unit = number[:-1], 1.0 if number.endswith("G") else 1 / 1024
    try:
        return float(number) * unit
    except ValueError as error:
        raise ValueError(f"{value!r} is not an amount of memory such as 16G or 800M") from error


def _minutes(value: object) -> object:
    """Read `90`, `1:30:00`, `2-00:00:00`, `90m`, `4h` or `30s` as minutes."""
    if not isinstance(value, str):
        return value
    text = value.strip().lower()
    days, dash, clock = text.rpartition("-")
    try:
        if text[-1:] in ("s", "m", "h"):
            return float(text[:-1]) * {"s": 1 / 60, "m": 1, "h": 60}[text[-1]]
        parts = [float(part) for part in clock.split(":")]
        if len(parts) == 1 and not dash:
            return parts[0]
        # As Slurm reads it: after days come hours; without days, two parts are minutes and seconds.
        hours, minutes, seconds = [*parts, 0, 0][:3] if dash else [0, *parts][-3:] if len(parts) < 3 else parts
        return (float(days or 0) * 24 + hours) * 60 + minutes + seconds / 60
    except ValueError as error:
        raise ValueError(f"{value!r} is not a time such as 90m, 4h or 1:30:00") from error


Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_several)]
Minutes: TypeAlias = Annotated[float, BeforeValidator(_minutes), Field(gt=0, le=60 * 24 * 365)]
Gigabytes: TypeAlias = Annotated[float, BeforeValidator(_gigabytes), Field(gt=0, le=1e6)]
Channels: TypeAlias = tuple[float, float, float]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EncoderChoice(_Part):
    """Backbones that are measured with pretrainings of their own.

    Attributes:
        backbone: Names of backbones.
        pretraining: Names of pretrainings, or paths of checkpoints.
    """

    backbone: Names
    pretraining: Names = ("imagenet",)


class Resources(_Part):
    """What each job gets.

    Attributes:
        cores: Cores; None: what the engine gives.
        gpus: GPUs.
        devices: Processes that share each extraction and training, one a GPU; None: as many as GPUs.
        memory: Memory in gigabytes; None: what the engine gives.
        time: Minutes after which a job ends and is called again, until its units are done; None: no limit of ours.
        at_least: Minutes of work that small units are put together for.
        at_most: Jobs at a time; None: as many as the engine has room for.
    """

    cores: int | None = Field(default=None, ge=1, le=1024)
    gpus: int = Field(default=0, ge=0, le=64)
    devices: int | None = Field(default=None, ge=1, le=64)
    memory: Gigabytes | None = None
    time: Minutes | None = None
    at_least: Minutes = 10.0
    at_most: int | None = Field(default=None, ge=1, le=100_000)

    @property
    def processes(self) -> int:
        """Number of processes that share a unit."""
        return self.devices or max(1, self.gpus)


class SlurmOptions(_Part):
    """What only Slurm has.

    Attributes:
        partition: Partition; None: the cluster's default.
        account: Account that is charged.
        setup: Lines of shell before the work, such as `module load python`.
        extra: Further options of `sbatch`, such as `{"constraint": "a100"}`.
    """

    partition: str | None = None
    account: str | None = None
    setup: Names = ()
    extra: Mapping[str, str | int] = Field(default_factory=dict)


class RayOptions(_Part):
    """What only Ray has.

    Attributes:
        address: Address of a running cluster, or `auto`; None: one that runs, or else a local one is started.
    """

    address: str | None = None


class MatrixOptions(_Part):
    """What a matrix is to measure and on what: the options of `artbench run` by their names, and those of the engines.

    Attributes:
        encoder: Backbones with pretrainings of their own, besides `backbone` with `pretraining`.
        set: Settings of the pretrainings that train, by name; the rest have their defaults.
        cwd: Folder that relative paths are relative to.
        cache: Folder of features, trainings and weights (`ARTBENCH_CACHE`), for jobs that don't inherit it.
    """

    task: Names = ()
    backbone: Names = ()
    pretraining: Names = ("imagenet",)
    encoder: tuple[EncoderChoice, ...] = ()
    results: Path = Path("results")
    data_root: Path | None = None
    data: Mapping[str, Path] = Field(default_factory=dict)
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    batch_size: int | None = Field(default=None, ge=1)
    workers: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0)
    compile: bool = False
    decode: Literal["cpu", "gpu"] = "cpu"
    mean: Channels | None = None
    std: Channels | None = None
    exclude: Path | None = None
    shots: Annotated[tuple[int, ...], BeforeValidator(_several)] = ()
    width: int | None = Field(default=None, ge=1, le=100_000)
    protocol: str = DEFAULT_PROTOCOL.name
    store_tokens: bool = False
    set: Mapping[str, str | bool | int | float] = Field(default_factory=dict)
    allow_partial: bool = False
    plugin: tuple[Path, ...] = ()
    resources: Resources = Resources()
    slurm: SlurmOptions = SlurmOptions()
    ray: RayOptions = RayOptions()
    cwd: Path = Field(default_factory=Path.cwd)
    cache: Path | None = None

    @property
    def choices(self) -> Iterator[tuple[str, str]]:
        """Names of backbone and pretraining of every encoder, in order; a pair may come twice."""
        for choice in (EncoderChoice(backbone=self.backbone, pretraining=self.pretraining), *self.encoder):
            yield from ((backbone, pretraining) for backbone in choice.backbone for pretraining in choice.pretraining)

    @property
    def paths(self) -> DatasetPaths:
        """Where the datasets are."""
        root = None if self.data_root is None else self.cwd / self.data_root
        return DatasetPaths(root=root, by_name={name: self.cwd / path for name, path in self.data.items()})

    @property
    def settings(self) -> tuple[str, ...]:
        """What is set of the pretrainings that train, as `artbench pretrain --set` takes it: `epochs=10`."""
        return tuple(f"{name}={value}" for name, value in sorted(self.set.items()))

    @property
    def plugin_files(self) -> tuple[Path, ...]:
        """The files of plugins, absolute."""
        return tuple(self.cwd / file for file in self.plugin)

    @property
    def folder(self) -> Path:
        """The results folder, absolute."""
        return self.cwd / self.results

    def request(self, *, backbones: tuple[str, ...], pretraining: str, tasks: tuple[str, ...]) -> RunRequest:
        """The part of `artbench run` that measures some encoders on some tasks."""
        normalisation = None if self.mean is None or self.std is None else Normalisation(self.mean, self.std)
        return RunRequest(
            backbones=backbones,
            pretrainings=(pretraining,),
            tasks=tasks,
            results=self.folder,
            paths=self.paths,
            device=self.device,
            batch_size=self.batch_size,
            workers=self.workers,
            seed=self.seed,
            compiled=self.compile,
            normalisation=normalisation if "/" in pretraining else None,
            decoder=self.decode,
            allow_partial=self.allow_partial,
            exclude=None if self.exclude is None else self.cwd / self.exclude,
            protocol=protocol_to_run(self.protocol, plugins=self.plugin_files),
            shots=self.shots,
            width=self.width,
            store_tokens=self.store_tokens,
        )


def matrix_options(given: Mapping[str, Any], *, source: str = "the matrix") -> MatrixOptions:
    """Check the options of a matrix.

    Args:
        given: Values by name, as `MatrixOptions` has them.
        source: What to call them in an error.

    Raises:
        UsageError: An option is unknown, missing or impossible, or there is no encoder or no task.

    Examples:
        >>> from artbench.matrix.options import matrix_options
        >>> options = matrix_options({"backbone": ["resnet18"], "pretraining": ["random"], "task": "sample-style"})
        >>> list(options.choices)
        [('resnet18', 'random')]
    """
    try:
        options = MatrixOptions.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the options"
        said = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            said = "there is no such option"
        raise UsageError(f"{source}: {where}: {said}", mend="`artbench matrix run --help` lists the options") from error
    if not options.task:
        raise UsageError(f"no task is named in {source}", mend='Write task = ["wikiart-style"], or give --task')
    if not any(True for _ in options.choices):
        raise UsageError(f"no backbone is named in {source}", mend='Write backbone = ["resnet50"], or give --backbone')
    protocol_to_run(options.protocol, plugins=options.plugin_files)
    if (options.mean is None) != (options.std is None):
        raise UsageError("--mean and --std are given together, or not at all", mend="Give both")
    return options


def read_options(file: Path) -> dict[str, Any]:
    """Read the options of a matrix from a TOML file, as they stand there.

    Raises:
        UsageError: The file is missing, or no TOML.
    """
    try:
        return tomllib.loads(read_regular(file, most=_LARGEST).decode("utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {file}", mend="Name a TOML file, or give --backbone and --task") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not TOML: {error}", mend='Lines look like task = ["wikiart-style"]') from error
    except OSError as error:
        raise ArtbenchError(f"{file} can't be read ({error.strerror or error})") from error
