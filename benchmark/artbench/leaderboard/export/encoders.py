"""The encoders of records as a methods section names them: weights, layer, pooling, input size and precision."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from artbench.protocol import Preprocessing
from artbench.records.encoder_state import EncoderState
from artbench.records.record import Record, encoder_name
from artbench.runtime.text import escape_name
from artbench.specs import INITIALISATION

# More encoders than this are listed in a table.
_IN_A_SENTENCE = 6
_POOLING = {
    "avg": "average pooling",
    "max": "maximum pooling",
    "cls": "class token",
    "cls+avg": "class token and average pooling",
    "map": "attention pooling",
}


@dataclass(frozen=True, kw_only=True, order=True)
class _Encoder:
    """What is said of one encoder."""

    name: str
    weights: str
    place: str
    side: int
    features: int


class Encoders:
    """The encoders of some records, each once.

    Attributes:
        table: A Markdown table of them, ending with a blank line; empty if there are few, which a sentence names.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records
        self._precisions: dict[_Encoder, set[str]] = {}
        for record in records:
            encoder = record.encoder
            found = _Encoder(
                name=encoder_name(record),
                weights=_weights(record),
                place=_place(encoder),
                side=encoder.input_size,
                features=encoder.feature_dim,
            )
            self._precisions.setdefault(found, set()).add(record.provenance.dtype)
        self._found = sorted(self._precisions)
        self._several = len({tuple(sorted(found)) for found in self._precisions.values()}) > 1
        self.table = self._as_table() if len(self._found) > _IN_A_SENTENCE else ""

    def images(self, picture: Preprocessing) -> str:
        """Say how images were prepared, and for which encoders otherwise."""
        (usual, _), *others = Counter(found.side for found in self._found).most_common()
        exceptions = []
        for side, _ in sorted(others):
            names = listed(list(dict.fromkeys(found.name for found in self._found if found.side == side)))
            whose = f"where the table says {side}" if self.table else f"for {names}"
            exceptions.append(f"{picture.short_side(side)} and {side} x {side} px {whose}")
        return (
            f"Images were turned upright, resized ({picture.interpolation}, antialiased) to a short side of "
            f"{picture.short_side(usual)} px, cropped at the centre to {usual} x {usual} px"
            + (f" ({'; '.join(exceptions)})" if exceptions else "")
            + " and normalised by the mean and standard deviation that belong to the weights."
        )

    def features(self) -> str:
        """Say what was read from which weights, and in which precision."""
        places = {found.place for found in self._found}
        alike = f"the {places.copy().pop()} of " if len(places) == 1 else ""
        if self.table:
            rest = "" if alike else ", at the layer and with the pooling given there"
            said = f"Features were read from {alike}the encoders in the table below{rest}."
        else:
            items = (self._item(found, alike=bool(alike)) for found in self._found)
            said = f"Features were read from {alike}{'; '.join(items)}."
        return f"{said} {self._software()}{self._draws()}"

    def _item(self, found: _Encoder, *, alike: bool) -> str:
        facts = [] if alike else [found.place]
        facts += [f"{found.features:,} features"] + ([found.weights] if found.weights else [])
        facts += [self._precision(found)] if self._several else []
        return f"{found.name} ({'; '.join(facts)})"

    def _precision(self, found: _Encoder) -> str:
        return listed(sorted(self._precisions[found]))

    def _draws(self) -> str:
        seeds = sorted({record.provenance.seed for record in self._records if _is_random(record)})
        if not seeds:
            return ""
        of = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {listed([str(seed) for seed in seeds])}"
        return f" Random weights of {of} are one draw{' each' if len(seeds) > 1 else ''}."

    def _software(self) -> str:
        made = [record.provenance for record in self._records]
        precision = "the precision given for each" if self._several else self._precision(self._found[0])
        torch, timm = (listed(sorted(versions)) for versions in ({p.torch for p in made}, {p.timm for p in made}))
        return f"The networks ran in {precision} with torch {torch} and timm {timm}."

    def _as_table(self) -> str:
        header = ["encoder", "weights", "layer and pooling", "input px", "features"]
        header += ["precision"] if self._several else []
        rows = [
            [
                *map(escape_name, (found.name, found.weights or "none", found.place)),
                f"{found.side}",
                f"{found.features:,}",
                *([self._precision(found)] if self._several else []),
            ]
            for found in self._found
        ]
        lines = [header, ["---", "---", "---", "---:", "---:", "---"][: len(header)], *rows]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def listed(items: Iterable[str]) -> str:
    """Join in words: `a, b and c`."""
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last


def _is_random(record: Record) -> bool:
    """Whether the weights are initial ones; records of artbench 0.1 have the seed in their source too."""
    return bool(record.encoder.parameters) and record.encoder.source.startswith(INITIALISATION)


def _weights(record: Record) -> str:
    """Where the weights come from; empty if there are none."""
    encoder = record.encoder
    if not encoder.parameters:
        return ""
    if _is_random(record):
        return f"random weights of seed {record.provenance.seed}"
    return f"{encoder.source}, SHA-256 {encoder.weights_sha256[:8]}"


def _place(encoder: EncoderState) -> str:
    if not encoder.parameters:
        return "no network"
    if encoder.layer is None and encoder.pooling is None:
        return "default output"
    layer = "last layer" if (encoder.layer or 1) == 1 else f"layer {encoder.layer} from the end"
    return f"{layer}, {_POOLING[encoder.pooling]}" if encoder.pooling else layer
