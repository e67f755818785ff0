"""How checks are written and run: a check's docstring states what must hold, and it yields what does not."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from inspect import getdoc
from io import StringIO
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from artbench.data.folders import DatasetPaths
from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.runtime.findings import Finding, Status, failed, passed
from artbench.runtime.progress import Silent
from artbench.runtime.text import printable
from artbench.specs import DatasetSpec, Factory, load_factory

SubjectT = TypeVar("SubjectT")
ResultT = TypeVar("ResultT")
PathLike: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True)
class Fault:
    """What a check found, and what to change, without full stops.

    `status` is FAIL where the contract is broken, WARN where the plugin works but will give users trouble.
    """

    message: str
    mend: str
    status: Status = "FAIL"


Check: TypeAlias = Callable[[SubjectT], Iterator[Fault]]


class Broken(Exception):  # noqa: N818  the plugin is broken, and the checks that follow can't be made
    """A fault after which no further check can be made; `name` is the name of its finding, such as `factory`."""

    def __init__(self, name: str, message: str, mend: str) -> None:
        super().__init__(message)
        self.finding = failed(name, message, mend=mend)


def run_checks(make: Callable[[], SubjectT], checks: Sequence[Check[SubjectT]]) -> list[Finding]:
    """Make the subject, run every check on it, and find out whether any of this prints to stdout.

    A fault that several checks come upon is told once. `make` raises `Broken` where there is nothing to check.

    Raises:
        ArtbenchError: `make` raises it: something that the checks need is not there.
    """
    findings: list[Finding] = []
    with redirect_stdout(StringIO()) as printed:
        try:
            subject = make()
            for check in checks:
                known = {(finding.message, finding.mend) for finding in findings}
                findings += [found for found in _run(check, subject) if (found.message, found.mend) not in known]
        except Broken as broken:
            findings.append(broken.finding)
    if text := printed.getvalue().strip():
        message = f"it prints to stdout: {shortened(text.splitlines()[0])}"
        mend = "Use `logging`: text on stdout would end up between the lines of results"
        return [*findings, failed("stdout", message, mend=mend)]
    return [*findings, passed("stdout", "Nothing is printed")]


def _run(check: Check[SubjectT], subject: SubjectT) -> list[Finding]:
    name, found = check.__name__.replace("_", " "), list[Finding]()
    try:
        for fault in check(subject):
            found.append(Finding(name=name, **vars(fault)))
    except ArtbenchError as error:
        found.append(failed(name, shortened(error.message), mend=error.mend or "Fix what it says"))
    except Exception as error:
        found.append(failed(name, f"raises {line(error)}", mend="Fix what raises it"))
    # The first paragraph of the docstring, without the full stop.
    promise = " ".join((getdoc(check) or "").partition("\n\n")[0].split()).removesuffix(".")
    return found or [passed(name, promise)]


def factory_of(factory: Factory[..., object], *, name: str = "factory") -> Callable[..., Any]:
    """Return the callable behind a factory, or raise `Broken` if it can't be imported or called."""
    try:
        return load_factory(factory)
    except Exception as error:
        mend = "Give the name of something that can be imported and called, as 'package.module:function'"
        raise Broken(name, f"the {name} {factory!r} can't be loaded ({line(error)})", mend) from error


def call_factory(
    factory: Callable[..., Any], *arguments: object, returns: type[ResultT], mend: str, name: str = "factory"
) -> ResultT:
    """Call the factory of a plugin; raise `Broken` if it raises an exception, or does not return a `returns`.

    `mend` is what to change where the exception does not say so itself.
    """
    try:
        made = factory(*arguments)
    except Exception as error:
        own = error.mend if isinstance(error, ArtbenchError) else ""
        text = error.message if isinstance(error, ArtbenchError) else error
        reason = shortened(f"{type(error).__name__}: {text}")
        raise Broken(name, f"the factory raises {reason}", own or mend) from error
    if not isinstance(made, returns):
        expected = f"{returns.__module__}.{returns.__qualname__}"
        raise Broken(name, f"the factory returns {type(made).__name__}, not {returns.__name__}", f"Return {expected}")
    return made


def line(error: BaseException) -> str:
    """Describe an exception in one line."""
    return shortened(f"{type(error).__name__}: {error}")


def shortened(text: str, *, most: int = 300) -> str:
    """Return one line of printable text, cut off after `most` characters."""
    plain = printable(" ".join(text.split()))
    return plain if len(plain) <= most else f"{plain[:most]}…"


def some(names: Sequence[str], *, most: int = 3) -> str:
    """Join the first few names, for a message."""
    return ", ".join(shortened(name, most=80) for name in names[:most]) + (", …" if len(names) > most else "")


def spread(length: int, count: int) -> list[int]:
    """Return at most `count` positions in a sequence, evenly spread from its first to its last."""
    return sorted({number * (length - 1) // max(1, count - 1) for number in range(count)}) if length else []


def registered(plugins: Sequence[PathLike]) -> Registry:
    """Load all installed plugins, and those in some files."""
    return load_plugins([Path(file) for file in plugins])


def folder_of(spec: DatasetSpec, root: Path | None) -> Path:
    """Return the folder of a dataset: `root`, else the one its spec or `ARTBENCH_DATA` names, else one its code makes.

    Raises:
        ArtbenchError: Nothing says where it is, or there is no such folder.
    """
    named = os.environ.get("ARTBENCH_DATA")
    paths = DatasetPaths(root=Path(named) if named else None, by_name={} if root is None else {spec.name: root})
    return paths.folder(spec, reporter=Silent())


class ContractError(AssertionError):
    """What a plugin registers breaks the contract; lists every failure with what to change.

    Attributes:
        findings: The findings that fail.
    """

    def __init__(self, subject: str, findings: Iterable[Finding]) -> None:
        self.findings = tuple(finding for finding in findings if finding.status == "FAIL")
        ways = f"{len(self.findings)} {'way' if len(self.findings) == 1 else 'ways'}"
        super().__init__("\n  ".join([f"{subject} breaks the contract in {ways}:", *map(str, self.findings)]))


def demand(subject: str, findings: Iterable[Finding]) -> None:
    """Raise `ContractError` unless every check passes."""
    error = ContractError(subject, findings)
    if error.findings:
        raise error
