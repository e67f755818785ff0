"""What goes on record of the images that an encoder was trained on."""

from artbench.encoders.encoder import Encoder
from artbench.records.encoder_state import PoolState, SeenState
from artbench.specs import INITIALISATION

# Characters of a text in a record.
_MOST = 300


def what_was_seen(encoder: Encoder, pool: PoolState | None, *, dataset: str, of: str | None = None) -> SeenState:
    """What is known of a dataset's test images in the training of an encoder.

    A pool's manifest counts first, then what the source of the weights states.

    Args:
        encoder: The encoder.
        pool: Its pool, with the test images in it counted.
        dataset: Name of the dataset that it is tested on.
        of: Name of the dataset whose images these are (`Dataset.of`); None: they are its own.
    """
    if pool is not None:
        return _of_pool(pool, dataset)
    if encoder.corpus is not None:
        return encoder.corpus.seen(of or dataset)
    if encoder.source == INITIALISATION or not encoder.parameters:
        return SeenState(corpus="none", state="clean", evidence="not trained")
    evidence = "its source does not say what it was trained on"
    return SeenState(corpus="not stated", state="unknown", evidence=evidence)


def _of_pool(pool: PoolState, dataset: str) -> SeenState:
    if pool.test_images is None:
        evidence = "the pool's manifest was not on hand"
    elif pool.test_images:
        evidence = f"the pool's manifest lists {pool.test_images:,} test images"
    elif others := sorted(pool.datasets.keys() - {dataset}):
        evidence = f"the pool's manifest lists images of {' and '.join(others)}, not compared with those of {dataset}"
    else:
        evidence = "the pool's manifest lists no test image"
    corpus = f"a pool of {' and '.join(sorted(pool.datasets))}"
    return SeenState(corpus=corpus[:_MOST], state=pool.knowledge(dataset), evidence=evidence[:_MOST])
