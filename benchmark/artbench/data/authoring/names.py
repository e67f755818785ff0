r"""Which file on disk is meant by a path of the lists, where unzip tools have changed the name.

In 709 paths of the lists a letter has become two signs: its UTF-8 bytes, read as Latin-1 and made lower case
(`joaquã\xadn` for `joaquín`). A zip file keeps names as bytes and often doesn't say in which encoding, so each
tool writes the two signs in its own way:

- `joaquã\xadn`, composed, or decomposed (`a` and a combining tilde) as file systems of macOS keep names;
- `joaqu├ú┬¡n`: the bytes read as code page 437, as Python does; other tools take another page;
- `joaqu+\xfa-\xa1n`: Info-ZIP's unzip, which writes `+`, `-` and others of ASCII for what Latin-1 lacks, and
  bytes that are no UTF-8;
- `joaqu#U00e3#U00adn`: Info-ZIP's unzip, where the locale lacks the signs;
- `joaqu__n`, `joaqu??n`: a tool that replaces what it can't write;
- `joaquín`: a name that someone has mended.

What they leave as it was are the ASCII letters, digits, dots, brackets and apostrophes. These are compared.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection

_ESCAPED = re.compile("#U([0-9a-fA-F]{4})")
_MAY_DIFFER = re.compile(r"[^A-Za-z0-9().'/]+")


def match_files(listed: Collection[str], found: Collection[str]) -> dict[str, str]:
    """Find the file of each listed path.

    A path has the file of exactly its name. One with letters beyond ASCII that has none gets the file that is
    left over and looks the same in the same folder; where two files or two paths come into question, none.

    Args:
        listed: Paths of the lists, NFC.
        found: Files on disk, with slashes; bytes that are no UTF-8 as surrogates, as `os.fsdecode` gives them.

    Returns:
        The file of each path that has one.
    """
    names = set(found)
    files = {path: path for path in listed if path in names}
    lost = [path for path in listed if path not in files and not path.isascii()]
    if not lost:
        return files
    lookalikes = defaultdict(set)
    for file in names.difference(files):
        lookalikes[_skeleton(_composed(file))].add(file)
    found_again = {}
    for path in lost:
        # What is left of a decomposed letter whose mark was mangled is the letter without its mark.
        skeletons = {_skeleton(path), _skeleton(unicodedata.normalize("NFD", path))}
        candidates = set().union(*(lookalikes.get(skeleton, ()) for skeleton in skeletons))
        if len(candidates) == 1:
            found_again[path] = candidates.pop()
    claims = Counter(found_again.values())
    return files | {path: file for path, file in found_again.items() if claims[file] == 1}


def _composed(name: str) -> str:
    unescaped = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), name)
    return unicodedata.normalize("NFC", unescaped)


def _skeleton(name: str) -> str:
    return _MAY_DIFFER.sub("", name)
