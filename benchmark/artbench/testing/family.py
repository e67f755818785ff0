"""A family of things: does it resolve the names it gives, and leave others alone?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from artbench.errors import ArtbenchError
from artbench.specs import Family, load_factory
from artbench.testing.checks import Broken, Check, Fault, examined, factory_of, line, some
from artbench.testing.finding import Finding

_TRIED = 12
_UNKNOWN = "no-such-name-of-anything"


@dataclass(frozen=True, kw_only=True)
class Resolving:
    """A family at work.

    Attributes:
        family: What was registered.
        spec_type: Of what it resolves to.
        names: All that it knows.
    """

    family: Family[Any]
    spec_type: type
    names: Sequence[str]

    def spread(self, count: int = _TRIED) -> list[str]:
        """Some of the names, spread over all of them."""
        last = len(self.names) - 1
        places = sorted({number * last // max(1, count - 1) for number in range(count)}) if self.names else []
        return [self.names[place] for place in places]


def examine_family(family: Family[Any], spec_type: type) -> list[Finding]:
    """All findings about a family; what its names stand for is examined as any other."""
    return examined(lambda: make_resolving(family, spec_type), FAMILY_CHECKS)


def make_resolving(family: Family[Any], spec_type: type) -> Resolving:
    """Ask a family for its names.

    Raises:
        Broken: It does not say them.
    """
    factory_of(family.resolve, name="resolve")
    try:
        names = list(factory_of(family.names, name="names")())
    except Broken:
        raise
    except Exception as error:
        mend = "Return the names, or () where they are not known beforehand: searches and nearest names use them"
        raise Broken("names", Fault(f"names() raises {line(error)}", mend)) from error
    if not all(isinstance(name, str) and name for name in names):
        raise Broken("names", Fault("names() gives what is no text", "Return texts"))
    return Resolving(family=family, spec_type=spec_type, names=names)


def resolved(resolving: Resolving) -> Iterator[Fault]:
    """Every name that it gives it resolves, to a spec of that name."""
    wrong = []
    for name in resolving.spread():
        try:
            spec: Any = load_factory(resolving.family.resolve)(name)
        except Exception as error:
            wrong.append(f"{name} ({line(error)})")
            continue
        if not isinstance(spec, resolving.spec_type):
            wrong.append(f"{name} ({type(spec).__name__})")
        elif (called := getattr(spec, "name", "")) != name:
            wrong.append(f"{name} (a spec called {called})")
    if wrong:
        mend = f"Give in names() what resolve() turns into a {resolving.spec_type.__name__} of that name, and no more"
        yield Fault(
            f"{len(wrong)} of {len(resolving.spread())} names that were tried are not resolved: {some(wrong)}", mend
        )


def unknown_names(resolving: Resolving) -> Iterator[Fault]:
    """A name that it does not know is answered with None: every name is put to every family."""
    for name in (_UNKNOWN, "", "a:b/c"):
        try:
            found = load_factory(resolving.family.resolve)(name)
        except Exception as error:
            mend = "Return None for whatever is not yours: raising keeps people from other plugins' names"
            yield Fault(f"resolve({name!r}) raises {line(error)}", mend)
            return
        if found is not None:
            yield Fault(f"resolve({name!r}) gives {found!r:.80}", "Return None for a name that is not yours")


def distinct_names(resolving: Resolving) -> Iterator[Fault]:
    """Its names differ."""
    if len(set(resolving.names)) < len(resolving.names):
        yield Fault("names() gives a name twice", "Give each name once")


def expanded(resolving: Resolving) -> Iterator[Fault]:
    """What does not stand for several things expands to nothing."""
    if resolving.family.expand is None:
        return
    try:
        found = list(load_factory(resolving.family.expand)(_UNKNOWN))
    except ArtbenchError as error:
        found = [error.message]
    except Exception as error:
        found = [line(error)]
    if found:
        yield Fault(f"expand({_UNKNOWN!r}) gives {some(found)}", "Return () for a name that is not yours")


FAMILY_CHECKS: tuple[Check[Resolving], ...] = (resolved, unknown_names, distinct_names, expanded)
