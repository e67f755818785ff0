"""Which images show one object, by the numbers that museums give them."""

import re
from collections.abc import Sequence

# Cleveland's parts and states of a work: 1921.314, 1921.314.a, 1985.338.4.
_CLEVELAND = re.compile(r"(\d{4}\.\d+)(?!\d).*")
# Los Angeles' numbers are those of the object and of the photograph, and one photograph may stand under two objects.
_LOS_ANGELES = re.compile(r"(\d+)-(\d+)")
# The Metropolitan Museum's parts: 2002.494.19a, b.
_PARTS = re.compile(r"(.*?\d)(?:[a-z]{1,2}\b|[,(–]).*")


def objects_of(files: Sequence[str], museums: Sequence[str], numbers: Sequence[str]) -> list[str]:
    """Return the object that each image shows.

    Args:
        files: File of each image, which stands for its object where the museum gives it no number.
        museums: Its museum.
        numbers: Its number in the museum.
    """
    return joined([keys_of(*one) or (file,) for *one, file in zip(museums, numbers, files, strict=True)])


def keys_of(museum: str, number: str) -> tuple[str, ...]:
    """Return what images of one object have in common, any of it: texts of which two images share one.

    Examples:
        >>> from artbench_mame.objects import keys_of
        >>> keys_of("The Cleveland Museum of Art", "1921.314.a")
        ('The Cleveland Museum of Art 1921.314',)
        >>> keys_of("Los Angeles County Museum of Art", "203840-90412")
        ('Los Angeles County Museum of Art 203840', 'Los Angeles County Museum of Art photograph 90412')
        >>> keys_of("Metropolitan Museum of Art", "2002.494.19a, b")
        ('Metropolitan Museum of Art 2002.494.19',)
    """
    if not number:
        return ()
    if found := _LOS_ANGELES.fullmatch(number):
        return f"{museum} {found[1]}", f"{museum} photograph {found[2]}"
    found = (_CLEVELAND if "Cleveland" in museum else _PARTS).fullmatch(number)
    return (f"{museum} {number if found is None else found[1]}",)


def joined(keys: Sequence[Sequence[str]]) -> list[str]:
    """Return the group of each image, named by one of its keys: images that share a key are of one, and so on.

    Examples:
        >>> from artbench_mame.objects import joined
        >>> joined([["a", "b"], ["c"], ["d", "b"]])
        ['a', 'c', 'a']
    """
    above: dict[str, str] = {}

    def top(key: str) -> str:
        while above.setdefault(key, key) != key:
            above[key] = key = above[above[key]]
        return key

    for own in keys:
        first = top(own[0])
        for other in own[1:]:
            above[top(other)] = first
    return [top(own[0]) for own in keys]
