"""The painters with their styles, colours and hands."""

from dataclasses import dataclass

from artbench_sample.touch import Touch


@dataclass(frozen=True, kw_only=True)
class Painter:
    """An invented painter.

    Attributes:
        name: Name, as in the labels.
        styles: Style of most images and, for some painters, a second one.
        palettes: The two palettes used most.
        subjects: The two subjects painted most.
        touch: The painter's hand.
        north: Share of the images that the museum `north` scanned; `south` scanned the others.
        support: The support of most images.
    """

    name: str
    styles: tuple[str, ...]
    palettes: tuple[str, ...]
    subjects: tuple[str, ...]
    touch: Touch
    north: float
    support: str


_TABLE = """
name         | styles         | palettes         | subjects        | scale dens. angle rough. curve | north | support
Orla Venn    | grid           | primaries slate  | houses bottles  | 1.45  0.35      0 0.05   0.1   | 0.9   | canvas
Casimir Dole | grid fields    | primaries indigo | houses sea      | 0.75  0.75      0 0.25   0.2   | 0.5   | canvas
Brigt Halm   | grid           | ember primaries  | bottles houses  | 1.05  0.55     45 0.55   0.6   | 0.1   | panel
Ines Marrow  | points dabs    | spring sea       | trees sea       | 0.70  0.80     20 0.20   0.2   | 0.5   | canvas
Tobias Quill | points         | dusk indigo      | hills mountain  | 1.30  0.45      0 0.10   0.7   | 0.1   | panel
Yun Aster    | points         | sea rose         | fruit head      | 1.00  0.65     60 0.75   0.4   | 0.9   | paper
Hedda Lorn   | fields         | ember dusk       | sea hills       | 1.30  0.30      0 0.25   0.1   | 0.9   | canvas
Marek Sol    | fields         | indigo moss      | sea houses      | 0.80  0.70     90 0.70   0.3   | 0.1   | canvas
Pia Ostler   | fields gesture | rose ember       | hills fruit     | 1.00  0.50      0 0.60   0.8   | 0.5   | paper
Anselm Krey  | hatching       | earth slate      | houses trees    | 0.80  0.80     45 0.10   0.1   | 0.5   | paper
Dorrit Finnk | hatching flat  | slate rose       | head fruit      | 1.15  0.45     20 0.35   0.8   | 0.9   | paper
Ulf Sander   | hatching       | moss earth       | mountain sea    | 1.30  0.60    100 0.80   0.4   | 0.1   | panel
Kaede Ilmari | flat           | indigo sea       | mountain sea    | 1.00  0.70      0 0.05   0.8   | 0.1   | paper
Sorin Wade   | flat           | primaries spring | bottles fruit   | 1.40  0.25     15 0.40   0.2   | 0.9   | panel
Mio Tarn     | flat hatching  | rose slate       | trees head      | 0.70  0.50      0 0.70   0.4   | 0.5   | paper
Ruth Cassel  | gesture        | slate ember      | head trees      | 1.35  0.40     70 0.30   0.3   | 0.1   | canvas
Egon Vale    | gesture dabs   | dusk moss        | hills mountain  | 0.75  0.80     20 0.75   0.8   | 0.5   | canvas
Lupe Thorne  | gesture        | spring primaries | fruit bottles   | 1.00  0.60    120 0.15   0.6   | 0.9   | panel
Jens Okada   | facets         | earth slate      | bottles head    | 0.75  0.75     30 0.15   0.2   | 0.5   | canvas
Alba Rusk    | facets         | moss ember       | houses fruit    | 1.35  0.35     60 0.60   0.3   | 0.9   | panel
Viktor Pell  | facets grid    | earth dusk       | head houses     | 1.00  0.55      0 0.35   0.7   | 0.1   | canvas
Claire Onder | dabs           | sea spring       | sea trees       | 0.75  0.80      0 0.20   0.3   | 0.9   | canvas
Matthis Rue  | dabs           | earth spring     | hills trees     | 1.30  0.50     40 0.50   0.8   | 0.1   | canvas
Nell Garrow  | dabs points    | dusk rose        | mountain houses | 1.00  0.65     90 0.70   0.2   | 0.5   | panel
"""


def _read(line: str) -> Painter:
    name, styles, palettes, subjects, hand, north, support = (cell.strip() for cell in line.split("|"))
    scale, density, angle, roughness, curve = (float(number) for number in hand.split())
    return Painter(
        name=name,
        styles=tuple(styles.split()),
        palettes=tuple(palettes.split()),
        subjects=tuple(subjects.split()),
        touch=Touch(scale=scale, density=density, angle=angle, roughness=roughness, curve=curve),
        north=float(north),
        support=support,
    )


PAINTERS = tuple(_read(line) for line in _TABLE.strip().splitlines()[1:])
