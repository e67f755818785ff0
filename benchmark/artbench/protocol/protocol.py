"""Every choice that must be equal for two numbers to be comparable, under a name and a hash."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import cached_property

from artbench.protocol.fitting import FewShot, Neighbours, Probe
from artbench.protocol.own_probe import OwnProbe
from artbench.protocol.picture import Preprocessing
from artbench.protocol.search import Confidence, Search
from artbench.protocol.uncertainty import Bootstrap, Intervals
from artbench.protocol.zero_shot import ZeroShot

# Once the features are decomposed, a penalty costs nothing, so all of a wide grid is tried.
_RIDGE = Probe(
    name="ridge",
    grid=tuple(float(f"{10 ** (k / 2):.6g}") for k in range(-8, 9)),
    patience=17,
    selection_metric="mean squared error",
    tolerance=0,
)


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A named set of choices. A change to any of them makes a new protocol with a new name.

    Attributes:
        search: How an index is searched, for tasks that ask for rankings: nothing is fitted then, so that `probe` and
            `neighbours` are no choices of the protocol. None: it has a probe.
        zero_shot: How pictures are compared with what the task says of its classes in words, with nothing fitted
            either. None: they are not.
        own: A probe that a plugin brings, in place of `neighbours` and of `probe`, of which only the images that are
            held out count then. None: it has none.
        bootstrap: Intervals and tests from resampled test images; None: `intervals`.
        intervals: Intervals and tests from the metric without each unit; None: `bootstrap`.
        width: Number of principal components of train that features are reduced to; None: all features are used.
    """

    name: str
    picture: Preprocessing = Preprocessing()
    features: str = "pooled output before the classifier, eval mode"
    probe: Probe = Probe()
    neighbours: Neighbours = Neighbours()
    search: Search | None = None
    zero_shot: ZeroShot | None = None
    own: OwnProbe | None = None
    bootstrap: Bootstrap | None = Bootstrap()
    intervals: Intervals | None = None
    few_shot: FewShot | None = None
    width: int | None = None

    @cached_property
    def hash(self) -> str:
        """SHA-256 over all choices in canonical JSON; 64 hexadecimal digits."""
        given = asdict(self)
        if not self.fits or self.own is not None:
            del given["probe"], given["neighbours"]
        choices = json.dumps(_without_none(given), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(choices.encode()).hexdigest()

    @property
    def fits(self) -> bool:
        """Whether a probe is fitted on train, beside which nearest neighbours vote."""
        return self.search is None and self.zero_shot is None

    def with_prompts(self, sha256: str) -> "Protocol":
        """Return this protocol with the texts of a task, by the digest of them: of the same name, with another hash."""
        return replace(self, zero_shot=replace(self.zero_shot or ZeroShot(), prompts=sha256))

    def for_years(self) -> "Protocol":
        """Return this protocol for tasks that ask for the year: `ridge-v2` for `linear-v2`."""
        probe = replace(_RIDGE, groups=self.probe.groups, group_folds=self.probe.group_folds)
        return replace(self, name=self.name.replace("linear", "ridge"), probe=probe)

    def with_whitening(self, components: int) -> "Protocol":
        """Return this protocol with a search of whitened principal components: `retrieval-v1-whitening-512`."""
        search = replace(self.search or Search(), whitening=components)
        return replace(self, name=f"{self.name}-whitening-{components}", search=search)

    def with_csls(self, neighbours: int) -> "Protocol":
        """Return this protocol with similarities scaled by neighbourhoods: `retrieval-v1-csls-10`."""
        return replace(
            self, name=f"{self.name}-csls-{neighbours}", search=replace(self.search or Search(), csls=neighbours)
        )

    def with_softmax(self, neighbours: int) -> "Protocol":
        """Return this protocol with a confidence of up to so many nearest pictures: `retrieval-v1-softmax-50`."""
        every = Confidence()
        kept = tuple(number for number in every.neighbours if number <= neighbours)
        search = replace(self.search or Search(), confidence=replace(every, neighbours=kept))
        return replace(self, name=f"{self.name}-softmax-{neighbours}", search=search)

    def with_shots(self, shots: int) -> "Protocol":
        """Return this protocol with a few images per class: `linear-v2-shots-4`."""
        return replace(self, name=f"{self.name}-shots-{shots}", few_shot=FewShot(shots=shots))

    def with_width(self, width: int) -> "Protocol":
        """Return this protocol on features of a common width: `linear-v2-width-512`."""
        return replace(self, name=f"{self.name}-width-{width}", width=width)


def _without_none(choices: dict[str, object]) -> dict[str, object]:
    """Leave out what a protocol does not have, so that a later field changes no hash."""
    return {
        name: _without_none(choice) if isinstance(choice, dict) else choice
        for name, choice in choices.items()
        if choice is not None
    }
