"""What a task says of its classes in words, or why it says nothing."""

from artbench.errors import UsageError
from artbench.plugins.registry import Registry
from artbench.specs import Prompts, TaskSpec


def prompts_of(task: TaskSpec, registry: Registry | None = None) -> Prompts:
    """Return what a task says of its classes in words.

    Raises:
        UsageError: It says nothing; the message names tasks that do, if there is a registry to look in.
    """
    if task.prompts is None:
        specs = [] if registry is None else [spec for _, spec in registry.tasks.specs()]
        others = ", ".join(sorted(spec.name for spec in specs if spec.prompts is not None))
        raise UsageError(
            f"{task.name} says nothing of its classes in words, which zero-shot-v1 compares pictures with",
            mend=f"Tasks that do: {others}" if others else "Give it prompts (TaskSpec.prompts, or a collection's TOML)",
        )
    return task.prompts
