"""`artbench.Matrix`: what `artbench matrix` does, from Python."""

from pathlib import Path
from typing import Any, Self

from artbench.api.common import LoggingReporter, PathLike, loaded
from artbench.matrix import workflow
from artbench.matrix.options import MatrixOptions, matrix_options, read_options
from artbench.matrix.plan import read_plan
from artbench.matrix.status import MatrixStatus
from artbench.runtime.progress import Reporter


class Matrix:
    """Many encoders on many datasets, as units that any number of processes on any nodes do once.

    Args:
        file: TOML file with the options of `artbench run` by their names; None: none.
        reporter: As for `artbench.run`.
        options: The same options, which take precedence over the file's: `backbone`, `pretraining`, `task`, `results`,
            `resources={"cores": 4}`, `slurm={"partition": "gpu"}`.

    Raises:
        UsageError: An option is unknown, missing or impossible, or there is no such file.

    Examples:
        >>> import artbench
        >>> matrix = artbench.Matrix(backbone=["colour-histogram"], pretraining="none", task="sample-style")
        >>> [str(row.unit) for row in matrix.plan().rows]
        ['colour-histogram, none on sample']
    """

    def __init__(self, file: PathLike | None = None, *, reporter: Reporter | None = None, **options: Any) -> None:
        content = {} if file is None else read_options(Path(file))
        self.options: MatrixOptions = matrix_options(content | options, source="Matrix" if file is None else str(file))
        self._reporter = reporter or LoggingReporter()
        self._registry = loaded(self.options.plugin_files, self._reporter, self.options.paths)

    @classmethod
    def of(cls, results: PathLike = "results", *, reporter: Reporter | None = None) -> Self:
        """Return the matrix that was run last with a results folder.

        Raises:
            ArtbenchError: There is none.
        """
        options = read_plan(workflow.folder_of(Path(results))).options
        return cls(reporter=reporter, **{name: getattr(options, name) for name in options.model_fields_set})

    def plan(self) -> MatrixStatus:
        """Return the units: which are done, running, failed or to do, and what they will take; nothing is written.

        Raises:
            ArtbenchError: A name is unknown, or the data is not as it should be.
        """
        return workflow.plan(self.options, registry=self._registry, reporter=self._reporter)

    def run(self, on: str = "local") -> MatrixStatus:
        """Run what is not done; return how it stands when the engine has all jobs, which `local` and `ray` have done.

        Args:
            on: `local`, `slurm` or `ray`.

        Raises:
            ArtbenchError: A name is unknown, the data is not as it should be, or the engine is not there or refuses.
        """
        workflow.run(self.options, on=on, registry=self._registry, reporter=self._reporter)
        return self.status()

    def script(self, on: str = "local") -> str:
        """Return what `run` would hand over, such as the scripts for `sbatch`; nothing is submitted or written.

        Args:
            on: As for `run`.

        Raises:
            ArtbenchError: As `run`.
        """
        return workflow.run(self.options, on=on, registry=self._registry, reporter=self._reporter, dry_run=True)[1]

    def status(self) -> MatrixStatus:
        """Return what became of the units.

        Raises:
            ArtbenchError: The matrix was never run.
        """
        return workflow.status(self.options.folder)

    def retry(self, on: str | None = None) -> MatrixStatus:
        """Try what failed, or what a job that is gone has left, anew.

        Args:
            on: As for `run`; None: what ran it last.

        Raises:
            ArtbenchError: The matrix was never run, or the engine refuses.
        """
        workflow.retry(self.options.folder, on=on, registry=self._registry, reporter=self._reporter)
        return self.status()

    def cancel(self) -> int:
        """End the jobs that Slurm still has; return the number of submissions that had some.

        Raises:
            ArtbenchError: The matrix was never run, Slurm refuses, or a command runs units that only its user can end.
        """
        return workflow.cancel(self.options.folder)

    def collect(self) -> list[Path]:
        """Build the leaderboards of all records in the results folder; return the pages.

        Raises:
            ArtbenchError: There is no record, or the pages can't be written.
        """
        return workflow.collect(self.options.folder, registry=self._registry, reporter=self._reporter)
