"""The tokens of a network: its features before they are pooled, one for each patch or place of the last map."""

from dataclasses import dataclass, replace

import torch

from artbench.encoders.encoder import Encoder
from artbench.encoders.readout import Place, layers_of, patches_of, readout
from artbench.errors import ArtbenchError, UsageError, plugin_errors
from artbench.protocol import Preprocessing


@dataclass(frozen=True, kw_only=True)
class TokenEncoder:
    """An encoder whose features are the tokens of an image, one after the other.

    Attributes:
        encoder: Its features have the length tokens x width.
        tokens: Number of tokens of an image.
        width: Length of a token.
    """

    encoder: Encoder
    tokens: int
    width: int


def token_encoder(encoder: Encoder, *, picture: Preprocessing) -> TokenEncoder:
    """Read a network before it pools: at the encoder's layer, patches alone (no class token, no registers).

    Tokens are normalised as the layer's pooled features are. Maps (n, channels, height, width) have one token for each
    place, row by row.

    Args:
        encoder: The encoder, at the layer that its variant chose.
        picture: Preprocessing of the images, whose side the number of tokens depends on.

    Raises:
        UsageError: The network has no tokens.
        ArtbenchError: Its plugin fails to say where they are.
    """
    network = encoder.network
    if network is None or network.layers is None:
        raise UsageError(
            f"{encoder.backbone} has no tokens",
            mend="Its plugin does not say where its features lie before they are pooled: give another backbone",
        )
    layers, place = layers_of(network), Place(layer=encoder.place.layer, pool="tokens")
    side = picture.crop_side(encoder.input_size)
    module = readout(network.module, layers, [place], own=encoder.place)
    shapes: list[torch.Size] = []

    def keep(_: torch.nn.Module, __: object, output: torch.Tensor) -> None:
        # What is neither tokens nor maps has been pooled already.
        patches = patches_of(output, prefix=layers.prefix_tokens, last=layers.channels_last)
        shapes.append(patches.shape if output.ndim in (3, 4) else output.shape)

    hook = network.module.get_submodule(layers.names[-place.layer]).register_forward_hook(keep)
    try:
        with plugin_errors(f"reading the tokens of backbone {network.name}"), torch.inference_mode():
            # After an extraction the network is on its device.
            first = next(network.module.parameters(), torch.empty(0))
            module(torch.zeros(1, 3, side, side, device=first.device))
    finally:
        hook.remove()
    if len(shapes) != 1 or len(shapes[0]) != 3:
        raise ArtbenchError(
            f"layer {place.layer} of {encoder.backbone} gives neither tokens nor a map",
            mend="Correct the names of its plugin's Layers",
        )
    _, tokens, width = shapes[0]
    read = replace(encoder, module=module, feature_dim=tokens * width, place=place)
    return TokenEncoder(encoder=read, tokens=tokens, width=width)
