"""Whether any node has what a job needs: an engine may wait for such a node without end."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artbench.errors import UsageError
from artbench.runtime.text import counted

if TYPE_CHECKING:
    # It needs torch, which the process that only starts another one does without.
    from artbench.matrix.options import Resources

# Kinds of nodes that an error names.
_NAMED = 3


@dataclass(frozen=True, kw_only=True, order=True)
class Size:
    """What a node has, or a job needs.

    Attributes:
        cores: Cores.
        gpus: GPUs.
        memory: Memory in gigabytes.
    """

    cores: float = 0
    gpus: float = 0
    memory: float = 0

    @classmethod
    def of(cls, wanted: "Resources") -> "Size":
        """What a job was said to need; 0 of what was not said."""
        return cls(cores=wanted.cores or 0, gpus=wanted.gpus, memory=wanted.memory or 0)

    def has(self, other: "Size") -> bool:
        """Whether there is at least as much of everything."""
        return self.cores >= other.cores and self.gpus >= other.gpus and self.memory >= other.memory

    def __str__(self) -> str:
        named = (
            counted(int(self.cores), "core") if self.cores else "",
            counted(int(self.gpus), "GPU") if self.gpus else "",
            f"{self.memory:,.1f}".removesuffix(".0") + " GB of memory" if self.memory else "",
        )
        return ", ".join(name for name in named if name)


def check_room(needed: Size, nodes: Iterable[Size], *, where: str) -> None:
    """Raise UsageError if there are nodes and none has what a job needs.

    Args:
        needed: What a job needs.
        nodes: What each node has.
        where: What the nodes are of, in words, such as `partition gpu`.
    """
    kinds = sorted(set(nodes), reverse=True)
    if not kinds or any(kind.has(needed) for kind in kinds):
        return
    there = "; ".join(map(str, kinds[:_NAMED])) + ("; …" if len(kinds) > _NAMED else "")
    raise UsageError(
        f"no node of {where} has {needed}: its nodes have {there}",
        mend="Give less --cores, --gpus or --memory",
    )
