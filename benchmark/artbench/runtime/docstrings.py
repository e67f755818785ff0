"""What docstrings say of attributes."""

import inspect
import re


def attribute_meanings(kind: type) -> dict[str, str]:
    """What the docstring of a class itself, not of its bases, says under `Attributes:`; each text on one line.

    Examples:
        >>> from artbench.runtime.docstrings import attribute_meanings
        >>> class Crop:
        ...     '''A crop.
        ...
        ...     Attributes:
        ...         side: Side
        ...             in pixels.
        ...     '''
        >>> attribute_meanings(Crop)
        {'side': 'Side in pixels.'}
    """
    _, _, section = inspect.cleandoc(kind.__doc__ or "").partition("\nAttributes:\n")
    found = re.findall(r"^    (\w+): (.*(?:\n     +.*)*)", section.partition("\n\n")[0], re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}
