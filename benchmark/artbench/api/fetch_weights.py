"""`artbench.fetch_weights`: published weights into the caches, for machines without a network."""

from collections.abc import Sequence

from artbench.api.common import LoggingReporter, PathLike, as_name, loaded
from artbench.api.run import Names, Pretrainings
from artbench.encoders.fetch import FetchedWeights, fetch
from artbench.runtime.progress import Reporter


def fetch_weights(
    backbone: str | Names,
    pretraining: PathLike | Pretrainings = "imagenet",
    *,
    offline: bool = False,
    plugins: Sequence[PathLike] = (),
    reporter: Reporter | None = None,
) -> list[FetchedWeights]:
    """Bring the published weights of encoders into the caches where runs look for them, and verify them.

    Each file is compared with the digest that its source states, and loaded once into its network, as a run does.
    An encoder that fails does not end the others, and raises nothing: look at `status`.

    Args:
        backbone: An architecture, or a list of them: `resnet50`.
        pretraining: Where its weights come from, or a list: names, or paths of checkpoints, which need nothing.
        offline: Use no network: tell whether the weights are there.
        plugins: Python files with plugins, in addition to those that are installed.
        reporter: As for `artbench.run`.

    Returns:
        What became of the weights of every backbone with every pretraining, each network once.

    Raises:
        UsageError: A name is unknown, or there is no such checkpoint.
        ArtbenchError: A checkpoint is not a file.

    Examples:
        >>> import artbench
        >>> [found] = artbench.fetch_weights("resnet18", pretraining="random")
        >>> found.status, found.reason
        ('not needed', 'they are made from the seed of a run')
    """
    reporter = reporter or LoggingReporter()
    pretrainings = pretraining if isinstance(pretraining, list | tuple) else [pretraining]
    found = fetch(
        [backbone] if isinstance(backbone, str) else list(backbone),
        [as_name(one) for one in pretrainings],
        registry=loaded(plugins, reporter),
        offline=offline,
        reporter=reporter,
    )
    return list(found)
