"""pytest in a process of its own, as the author of a plugin calls it."""

# Without plugins that other packages have brought: they take longer to import than artbench.
_NOT = ("cacheprovider", "hydra_pytest", "anyio", "hypothesispytest")
PYTEST = ("pytest", "-q", *(word for name in _NOT for word in ("-p", f"no:{name}")))
