"""What the tasks on WikiArt say of their classes in words: the names of the lists, without underscores."""

from artbench.specs import Prompts

_STYLE = Prompts(
    templates=(
        "a painting in the style of {}.",
        "an artwork in the style of {}.",
        "a work of art of the movement {}.",
        "{}, a style of painting.",
    )
)
_ARTIST = Prompts(templates=("a painting by {}.", "an artwork by {}.", "a work of art by the painter {}."))
_GENRE = Prompts(templates=("a {}.", "an artwork of the genre {}.", "a painting, of the genre {}."))

# By the name of the task. On the hub painters are spelt as in addresses, in words that no caption has.
PROMPTS = {
    "wikiart-style": _STYLE,
    "wikiart-artist": _ARTIST,
    "wikiart-genre": _GENRE,
    "wikiart-style-unseen-artists": _STYLE,
    "wikiart-huggan-style": _STYLE,
    "wikiart-huggan-genre": _GENRE,
}
