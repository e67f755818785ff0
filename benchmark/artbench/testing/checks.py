"""How checks are written and run: a check is a function whose docstring promises, and which yields what is at fault."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from inspect import getdoc
from io import StringIO
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from artbench.data.folders import dataset_folder
from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.runtime.findings import Finding, Status
from artbench.runtime.progress import Silent
from artbench.runtime.text import printable
from artbench.specs import DatasetSpec, Factory, load_factory

SubjectT = TypeVar("SubjectT")
PathLike: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True)
class Fault:
    """What a check is not content with.

    Attributes:
        message: What was found, without a full stop.
        mend: What to change, without a full stop.
        status: How bad it is.
    """

    message: str
    mend: str
    status: Status = "FAIL"


Check: TypeAlias = Callable[[SubjectT], Iterator[Fault]]


class Broken(Exception):  # noqa: N818  the plugin is broken, and the checks that follow can't be made
    """A fault that makes whatever comes after it pointless.

    Args:
        name: What was looked at.
        fault: What is wrong.
    """

    def __init__(self, name: str, fault: Fault) -> None:
        super().__init__(fault.message)
        self.name = name
        self.fault = fault


def examined(make: Callable[[], SubjectT], checks: Sequence[Check[SubjectT]]) -> list[Finding]:
    """Make what is to be looked at, put it to every check, and see whether anything of it is printed to stdout.

    Args:
        make: Raises `Broken` where there is nothing to look at.
        checks: In the order in which their findings are told.

    Raises:
        ArtbenchError: `make` says that what the checks need is not there.
    """
    findings: list[Finding] = []
    said = StringIO()
    with redirect_stdout(said):
        try:
            subject = make()
            for check in checks:
                findings += _findings(check, subject)
        except Broken as broken:
            fault = broken.fault
            findings.append(Finding(name=broken.name, status=fault.status, message=fault.message, mend=fault.mend))
    return [*findings, _quiet(said.getvalue())]


def _findings(check: Check[SubjectT], subject: SubjectT) -> Iterator[Finding]:
    name = check.__name__.removeprefix("_").replace("_", " ")
    fault = None
    try:
        for fault in check(subject):
            yield Finding(name=name, status=fault.status, message=fault.message, mend=fault.mend)
    except ArtbenchError as error:
        mend = error.mend or "Mend what it says"
        yield Finding(name=name, status="FAIL", message=shortened(error.message), mend=mend)
        return
    except Exception as error:
        yield Finding(name=name, status="FAIL", message=f"raises {line(error)}", mend="Mend what raises it")
        return
    if fault is None:
        yield Finding(name=name, status="PASS", message=promise(check))


def _quiet(said: str) -> Finding:
    if said:
        first = shortened(said.strip().partition("\n")[0])
        mend = "Use `logging`: on stdout it would get between the lines of results"
        return Finding(name="stdout", status="FAIL", message=f"it prints to stdout: {first}", mend=mend)
    return Finding(name="stdout", status="PASS", message="Nothing is printed")


def promise(check: Callable[..., object]) -> str:
    """What a check's docstring says must hold, without the full stop."""
    return " ".join((getdoc(check) or "").partition("\n\n")[0].split()).removesuffix(".")


def factory_of(factory: Factory[..., object], *, name: str = "factory") -> Callable[..., Any]:
    """The callable behind a factory, which may return anything.

    Raises:
        Broken: There is none.
    """
    try:
        return load_factory(factory)
    except Exception as error:
        mend = "Name what can be imported and called, as 'package.module:function'"
        raise Broken(name, Fault(f"the {name} {factory!r} can't be loaded ({line(error)})", mend)) from error


def line(error: BaseException) -> str:
    """An exception in one line."""
    return shortened(f"{type(error).__name__}: {error}")


def shortened(text: str, *, most: int = 300) -> str:
    """One line of text that can be printed, cut where it is too long."""
    plain = printable(" ".join(text.split()))
    return plain if len(plain) <= most else f"{plain[:most]}…"


def some(names: Sequence[str], *, most: int = 3) -> str:
    """A few of some names, for a message."""
    return ", ".join(shortened(name, most=80) for name in names[:most]) + (", …" if len(names) > most else "")


def registered(plugins: Sequence[PathLike]) -> Registry:
    """All that is installed, and what is in files.

    Raises:
        UsageError: A file is not there, or is no Python file.
    """
    return load_plugins([Path(file) for file in plugins])


def folder_of(spec: DatasetSpec, root: Path | None) -> Path:
    """Where a dataset lies: in `root`, else as its spec or `ARTBENCH_DATA` says, else made by its code.

    Raises:
        ArtbenchError: Nothing says where, or nothing is there.
    """
    named = os.environ.get("ARTBENCH_DATA")
    return dataset_folder(
        spec,
        data_root=Path(named) if named else None,
        placed={} if root is None else {spec.name: root},
        reporter=Silent(),
    )


class ContractError(AssertionError):
    """What a plugin registers breaks the contract; lists every failure with what to change.

    Args:
        subject: What was checked: `backbone hog`.
        findings: All that was found; those that fail are listed.

    Attributes:
        findings: Those that fail.
    """

    def __init__(self, subject: str, findings: Iterable[Finding]) -> None:
        self.findings = tuple(finding for finding in findings if finding.status == "FAIL")
        count = len(self.findings)
        lines = "".join(f"\n  {finding}" for finding in self.findings)
        super().__init__(f"{subject} breaks the contract in {count} {'way' if count == 1 else 'ways'}:{lines}")


def demand(subject: str, findings: Iterable[Finding]) -> None:
    """See that nothing fails.

    Raises:
        ContractError: Something does.
    """
    found = list(findings)
    if any(finding.status == "FAIL" for finding in found):
        raise ContractError(subject, found)
