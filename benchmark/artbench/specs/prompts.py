"""What a task says of its classes in words, for networks that read."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from artbench.errors import ArtbenchError
from artbench.specs.fields import shortened

_MOST, _LONGEST = 200, 300
_PLACE = "{}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompts:
    """The texts that stand for the classes of a task. A change to them is another task for whoever reads them.

    Attributes:
        templates: Sentences with `{}` where the class stands; a class is the mean of what they give.
        words: Words for a class in place of its name, by its name. A class that is not there has its own name, with
            blanks for underscores.

    Raises:
        ValueError: There is no template, or one is not a line with one `{}`; or words are empty or not a line.

    Examples:
        >>> from artbench.specs import Prompts
        >>> prompts = Prompts(templates=("a painting in the style of {}.",), words={"Fauvism": "the Fauves"})
        >>> prompts.texts(["Art_Nouveau", "Fauvism"])
        [['a painting in the style of Art Nouveau.'], ['a painting in the style of the Fauves.']]
    """

    templates: tuple[str, ...]
    words: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given: object = self.templates
        if isinstance(given, str) or not 0 < len(self.templates) <= _MOST:
            raise ValueError(f"templates of prompts are {shortened(given)}, not 1 to {_MOST} texts")
        for template in self.templates:
            if not _is_line(template) or template.count(_PLACE) != 1 or {"{", "}"} & set(template.replace(_PLACE, "")):
                raise ValueError(f"the template {shortened(template)} is not a line with one {_PLACE} for the class")
        if len(set(self.templates)) < len(self.templates):
            raise ValueError("a template stands twice among the prompts")
        for name, words in self.words.items():
            if not isinstance(name, str) or not _is_line(words):
                raise ValueError(
                    f"the words for the class {shortened(name)} are {shortened(words)}, not a line of at most "
                    f"{_LONGEST} letters"
                )

    @property
    def sha256(self) -> str:
        """Digest of templates and words: 64 hexadecimal digits."""
        said = json.dumps([list(self.templates), dict(self.words)], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(said.encode()).hexdigest()

    def texts(self, classes: Sequence[str]) -> list[list[str]]:
        """Return the texts for each class, one for each template.

        Raises:
            ArtbenchError: There are words for a class that is not among `classes`, a class has no words, or two have
                the same.
        """
        if unknown := sorted(self.words.keys() - set(classes)):
            raise ArtbenchError(
                f"there are words for the class {shortened(unknown[0])}, which the task does not have",
                mend=f"Its classes are {', '.join(name[:60] for name in classes[:5])}{', …' * (len(classes) > 5)}",
            )
        words = [" ".join(self.words.get(name, name.replace("_", " ")).split()) for name in classes]
        spoken_by = Counter(words)
        for name, said in zip(classes, words, strict=True):
            if not _is_line(said):
                raise ArtbenchError(
                    f"the class {shortened(name)} has no words, a line of at most {_LONGEST} letters",
                    mend="Give it some in the prompts of the task",
                )
            if spoken_by[said] > 1:
                same = [other for other, spoken in zip(classes, words, strict=True) if spoken == said]
                raise ArtbenchError(
                    f"the classes {' and '.join(map(shortened, same[:3]))} have the same words, so that no text "
                    "tells them apart",
                    mend="Give them others in the prompts of the task",
                )
        return [[template.replace(_PLACE, said) for template in self.templates] for said in words]


def _is_line(text: object) -> bool:
    return isinstance(text, str) and bool(text.strip()) and text.isprintable() and len(text) <= _LONGEST
