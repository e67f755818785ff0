"""Specs and families of one kind, found by name."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Generic, Protocol, cast

from artbench.errors import ArtbenchError, UsageError, plugin_errors
from artbench.specs import BackboneSpec, Family, Particulars, SpecT, TaskSpec, load_factory

GROUP = "artbench"


@dataclass(frozen=True, slots=True)
class Entry(Generic[SpecT]):
    """A spec or a family, and the plugin that registered it.

    Attributes:
        item: The spec or family.
        plugin: Name of the plugin.
        distribution: Name of the plugin's installed distribution, or of the file given with `--plugin`.
    """

    item: SpecT | Family[SpecT]
    plugin: str
    distribution: str


class Places(Protocol):
    """Where on this machine things are that files name without a path, such as `collection:works`."""

    def given(self, name: str) -> Path | None:
        """The place that the user gives."""

    def known(self, name: str) -> Path | None:
        """The place as far as it is known otherwise."""


class Catalogue(Generic[SpecT]):
    """Specs and families of one kind.

    Args:
        kind: Name of the kind: `backbone`.
        entries: Specs and families, in the order of registration.
        places: Where the things are that families know by a path; None: nothing is known.
    """

    def __init__(self, kind: str, entries: Sequence[Entry[SpecT]], places: Places | None = None) -> None:
        self.kind = kind
        self.entries = tuple(entries)
        self._places = places

    def with_places(self, places: Places) -> "Catalogue[SpecT]":
        """Return the same specs and families, which find by name what lies in a place that is known."""
        return Catalogue(self.kind, self.entries, places)

    def get(self, name: str) -> SpecT:
        """Return the spec called `name`, or `DIST:NAME` if two distributions share a name; raises as `find` does."""
        return self.find(name)[1]

    def named_in_file(self, name: str) -> SpecT:
        """Return the spec called `name`, a name that a file such as a record has; no path in it is followed.

        Raises:
            UsageError: As `get`, and if only a family could know the name that reads paths on this machine.
        """
        placed = self.placed(name)
        return self._find(placed, paths=placed != name)[1]

    def placed(self, name: str) -> str:
        """Return a name that a file has with the place of what it names: `collection:works=PATH:style`.

        The place is the user's; a path in `name` stays a part of the name. Without a place the name stays as it is.
        """
        return self._at(name, lambda places, own: places.given(own) or places.known(own))

    def _typed(self, name: str) -> str:
        """Return a name that the user gives with the place of what it names, unless it is a path itself."""
        return self._at(
            name,
            lambda places, own: (
                places.given(own) or (None if Path(own.partition(":")[2]).exists() else places.known(own))
            ),
        )

    def _at(self, name: str, place_of: Callable[[Places, str], Path | None]) -> str:
        for _, family in self.families() if self._places is not None else ():
            start, _, rest = name.partition(":")
            if family.reads_paths and start == family.name and rest:
                own, colon, more = rest.partition(":")
                assert self._places is not None
                if (place := place_of(self._places, f"{start}:{own}")) is not None:
                    return f"{start}:{own}={place}{colon}{more}"
        return name

    def find(self, name: str) -> tuple[Entry[SpecT], SpecT]:
        """Return the spec that `get` returns, with its entry. A backbone's name can choose a variant, `NAME@layer=2`.

        Raises:
            UsageError: The name is unknown (the message has the nearest names) or ambiguous (it has both owners; a name
                that is built in is not), or there is no such variant.
            ArtbenchError: No plugin knows the name, and a family failed to answer.
        """
        return self._find(self._typed(name), paths=True)

    def _find(self, name: str, *, paths: bool) -> tuple[Entry[SpecT], SpecT]:
        plain, has_variant, variant = name.partition("@")
        if self.kind == "backbone" and has_variant:
            entry, spec = self._find(plain, paths=paths)
            assert isinstance(spec, BackboneSpec)
            return entry, cast("SpecT", spec.choose(variant))
        found = _built_in_first(list(self._called(name, paths=paths)))
        if not found and ":" in name:
            owner, _, plain = name.partition(":")
            same = list(self._called(plain, paths=paths))
            found = [(entry, spec) for entry, spec in same if owner in (entry.distribution, entry.plugin)]
            if found and len(same) > 1 and _built_in_first(same) != found:
                # The name alone is another or ambiguous here, so the qualified one goes on record.
                found = [(entry, replace(spec, name=name)) for entry, spec in found]
        if not found:
            raise UsageError(f"no {self.kind} is called {name!r}", mend=self._nearest(name, paths=paths))
        if len(found) > 1:
            owners = [self._qualified(entry, found) for entry, _ in found]
            raise UsageError(
                f"{len(found)} {self.kind}s are called {name!r}, from {' and '.join(owners)}",
                mend="Say which: " + " or ".join(f"{owner}:{name}" for owner in owners),
            )
        return found[0]

    def owners(self, name: str) -> Iterator[Entry[SpecT]]:
        """Yield the entries that know a name; none if a family fails and no other entry knows it."""
        with suppress(ArtbenchError):
            for entry, _ in self._called(name):
                yield entry

    def expand(self, name: str) -> Sequence[str]:
        """Return the names that `name` stands for, such as all tasks of a collection; `[name]` if it is one thing."""
        name = self._typed(name)
        for _, family in self.families():
            if family.expand is not None and (names := load_factory(family.expand)(name)):
                return names
        return [name]

    def specs(self) -> Iterator[tuple[Entry[SpecT], SpecT]]:
        """Yield every spec that was registered by itself, without those of families."""
        for entry in self.entries:
            if not isinstance(entry.item, Family):
                yield entry, entry.item

    def families(self) -> Iterator[tuple[Entry[SpecT], Family[SpecT]]]:
        """Yield every family."""
        for entry in self.entries:
            if isinstance(entry.item, Family):
                yield entry, entry.item

    def search(self, pattern: str) -> Iterator[tuple[Entry[SpecT], str, str]]:
        """Yield entry, name and description of everything whose name matches a shell pattern or contains the text.

        So do tasks whose kind of target does. Case is ignored. Families are asked for all their names, which may import
        their libraries (`names_of`); one that lists none, as that of collections, is found by its own.
        """
        pattern = pattern.lower()

        def matches(name: str) -> bool:
            return fnmatchcase(name.lower(), pattern) or ("*" not in pattern and pattern in name.lower())

        for entry, spec in self.specs():
            if matches(spec.name) or (isinstance(spec, TaskSpec) and matches(spec.target)):
                yield entry, spec.name, spec.description
        for entry, family in self.families():
            with plugin_errors(self._family(entry, family)):
                names = self.names_of(entry, family)
            if not names and pattern == family.name:
                yield entry, family.name, family.description
            for name in names:
                if matches(name):
                    yield entry, name, family.description

    def names_of(self, entry: Entry[SpecT], family: Family[SpecT]) -> Collection[str]:
        """Return all names of a family, from the cache if they are those of a library."""
        # Only now: what keeps files is needed for no start.
        from artbench.plugins.family_names import names_of

        return names_of(family, kind=self.kind, distribution=entry.distribution)

    def member(self, entry: Entry[SpecT], family: Family[SpecT], name: str) -> SpecT | None:
        """Return what a family calls `name`; None if it does not know it."""
        from artbench.plugins.family_names import has_name

        spec = load_factory(family.resolve)(name)
        known = spec is None or has_name(family, name, kind=self.kind, distribution=entry.distribution)
        return spec if known else None

    def particulars(self, entry: Entry[SpecT], name: str) -> Particulars:
        """Return what a family says about one of its names; empty if it says nothing, or `entry` is not a family."""
        family = entry.item
        if not isinstance(family, Family) or family.particulars is None or name == family.name:
            return Particulars()
        with plugin_errors(self._family(entry, family)):
            return load_factory(family.particulars)(name)

    def _called(self, name: str, *, paths: bool = True) -> Iterator[tuple[Entry[SpecT], SpecT]]:
        known, failure = False, None
        for entry, spec in self.specs():
            if spec.name == name:
                known = True
                yield entry, spec
        for entry, family in self.families():
            if family.reads_paths and not paths:
                continue
            try:
                with plugin_errors(self._family(entry, family)):
                    resolved = self.member(entry, family, name)
            except ArtbenchError as error:
                failure = failure or error
                continue
            if resolved is not None:
                known = True
                yield entry, resolved
        # A family that fails must not hide what others know.
        if failure and not known:
            raise failure

    def _family(self, entry: Entry[SpecT], family: Family[SpecT]) -> str:
        return f"the {self.kind} family {family.name} of {entry.distribution}"

    def _nearest(self, name: str, *, paths: bool) -> str:
        names = [spec.name for _, spec in self.specs()]
        for entry, family in self.families():
            if name and paths and family.reads_paths and Path(name).exists():
                return f"What lies at {name} is called {family.name}:{name}"
            with suppress(Exception):
                names.extend(self.names_of(entry, family))
        near = get_close_matches(name, names, n=3, cutoff=0.55)
        hint = f"The nearest: {', '.join(near)}. " if near else ""
        return f"{hint}`artbench list {self.kind}s` shows all"

    def _qualified(self, entry: Entry[SpecT], among: Sequence[tuple[Entry[SpecT], SpecT]]) -> str:
        same = [other for other, _ in among if other.distribution == entry.distribution]
        return entry.distribution if len(same) == 1 else entry.plugin


def _built_in_first(found: list[tuple[Entry[SpecT], SpecT]]) -> list[tuple[Entry[SpecT], SpecT]]:
    """Return what is built in, if something is: no plugin takes a built-in name away, it has to be asked for."""
    return [one for one in found if one[0].distribution == GROUP] or found
