"""The pictures that look most like one that somebody brings, or that words describe."""

import threading

import numpy as np
from numpy.typing import NDArray

from artbench.data.decode import decode
from artbench.encoders.embedding import embedded
from artbench.explore.contents import Exploration
from artbench.features.forward import Forward
from artbench.runtime.machine import choose_feature_dtype

# Pictures that are found.
FOUND = 48


class Search:
    """Finds pictures of an exploration by a picture or by words; several threads may ask, one is served.

    Args:
        found: The exploration, whose encoder takes the features of pictures and words too.
    """

    def __init__(self, found: Exploration) -> None:
        encoder, preprocessing = found.encoder, found.preprocessing
        self._points, self._encoder, self._texts = found.points, encoder, found.texts
        self._short_side = preprocessing.short_side(encoder.input_size)
        self._crop = preprocessing.crop_side(encoder.input_size)
        dtype = choose_feature_dtype(encoder.module, device=found.device)
        self._forward = Forward(encoder, device=found.device, side=self._crop, dtype=dtype, prepared=False)
        self._one_at_a_time = threading.Lock()

    def nearest(self, data: bytes) -> list[tuple[int, float]]:
        """Return the positions of the nearest pictures with their cosines, the nearest first, at most 48.

        Args:
            data: The file of the picture, which may be anything.

        Raises:
            UnreadableImage: It is no picture, or too large.
        """
        with self._one_at_a_time:
            pixels = decode(data, short_side=self._short_side, crop=self._crop)
            (features,) = self._forward(pixels[None])
        length = float(np.linalg.norm(features))
        return self._found(features / length if length > 0 else features)

    def by_words(self, text: str) -> list[tuple[int, float]]:
        """Return the pictures that fit a text best, as `nearest` does; the exploration has a text side.

        Raises:
            ArtbenchError: The text is empty, or longer than the network takes.
        """
        assert self._texts is not None
        with self._one_at_a_time:
            (vector,) = embedded(self._texts, [text], encoder=self._encoder)
        return self._found(vector)

    def _found(self, direction: NDArray[np.float32]) -> list[tuple[int, float]]:
        cosines = self._points @ direction
        order = np.argsort(-cosines, kind="stable")[:FOUND]
        return [(int(at), round(float(cosines[at]), 4)) for at in order]
