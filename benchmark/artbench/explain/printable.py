"""Names from elsewhere as one line that does nothing to a terminal or a figure."""


def printable(text: str) -> str:
    """The text with a question mark for each control character: an escape sequence in a name must not act."""
    return "".join(character if character.isprintable() else "?" for character in text)
