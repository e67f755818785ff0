"""The names of a new plugin: for pip, for Python, and on the command line."""

import re
from dataclasses import dataclass

from artbench.errors import UsageError

PREFIX = "artbench-"
# Names of pip (PEP 508), short enough that no line of a template grows beyond what its formatter allows.
LONGEST = 40
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SHOWN = 60


@dataclass(frozen=True, kw_only=True)
class Names:
    """The three names of a plugin.

    Attributes:
        registered: Name on the command line: `gram`.
        distribution: Name for pip: `artbench-gram`.
        module: Module that Python imports: `artbench_gram`. The prefix keeps it from being a keyword or a module of
            the standard library.
    """

    registered: str
    distribution: str
    module: str


def names_of(text: str) -> Names:
    """Return the three names that follow from `gram`, or from `artbench-gram`.

    Raises:
        UsageError: The text can't be the name of a package.
    """
    shown = repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
    if not _NAME.fullmatch(text):
        raise UsageError(
            f"{shown} can't be the name of a plugin",
            mend="Use letters and digits without accents, with single - . or _ between them",
        )
    registered = text[len(PREFIX) :] if _normalised(text).startswith(PREFIX) else text
    # pip treats different spellings of a name as the same (PEP 503).
    distribution = PREFIX + _normalised(registered)
    if len(registered) > LONGEST:
        raise UsageError(f"the name {shown} is too long", mend=f"At most {LONGEST} characters")
    return Names(registered=registered, distribution=distribution, module=distribution.replace("-", "_"))


def _normalised(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()
