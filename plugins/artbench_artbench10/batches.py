"""The pickled batches of CIFAR, read by an unpickler that makes arrays and text and calls nothing else."""

import io
import pickle
import pickletools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench_artbench10 import SOURCE

# Ten times a batch of 10,000 images.
_LARGEST = 400_000_000

_PIXELS = 3 * 32 * 32


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Images and their labels.

    Attributes:
        pixels: uint8, shape (n, 3072).
        labels: int64, shape (n,).
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]


def read_batch(file: Path, *, classes: int) -> Batch:
    """Read `data` and `labels` of one batch.

    Args:
        file: The batch.
        classes: Number of classes.

    Raises:
        ArtbenchError: The file is not such a batch, or holds anything but arrays, numbers and text.
    """
    content = _read(file)
    pixels, labels = content.get("data"), content.get("labels", content.get("fine_labels"))
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape[1:] != (_PIXELS,):
        raise _no_batch(file, f"its data is no array of {_PIXELS} bytes per image")
    if isinstance(labels, list) and all(type(label) is int for label in labels):
        labels = np.array(labels, np.int64) if all(0 <= label < classes for label in labels) else np.array([-1])
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu" or labels.shape != pixels.shape[:1]:
        raise _no_batch(file, "it has not one label per image")
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise _no_batch(file, f"a label is not from 0 to {classes - 1}")
    return Batch(pixels=pixels, labels=labels.astype(np.int64))


def read_styles(file: Path) -> tuple[str, ...]:
    """Read the class names, in the order of their numbers, from the file `meta`.

    Raises:
        ArtbenchError: It is missing or holds no such list.
    """
    styles = _read(file).get("styles")
    if not isinstance(styles, list) or not all(isinstance(style, str) for style in styles):
        raise _no_batch(file, "it has no list of styles")
    return tuple(styles)


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except OSError as error:
        raise ArtbenchError(f"artbench10: {file} can't be read ({error.strerror})") from error
    if len(data) > _LARGEST:
        raise _no_batch(file, f"it is larger than {_LARGEST // 10**6} MB")
    try:
        content = _restricted(data)
    except Exception as error:  # A broken pickle raises anything.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _no_batch(file, reason) from error
    if not isinstance(content, dict):
        raise _no_batch(file, f"it holds a {type(content).__name__}")
    return {key.decode("latin1") if isinstance(key, bytes) else str(key): value for key, value in content.items()}


def _no_batch(file: Path, reason: str) -> ArtbenchError:
    return ArtbenchError(
        f"artbench10: {file} is not a batch in CIFAR's format: {reason}", mend=f"Download it again from {SOURCE}"
    )


def _check_memo(data: bytes) -> None:
    """Refuse a pickle whose memo indices are not consecutive.

    The memo has room for all indices below the largest: five bytes could take 30 GB of memory.
    """
    for count, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        if "PUT" in opcode.name and isinstance(argument, int) and argument > count:
            raise pickle.UnpicklingError(f"it stores memo entry {argument} after {count} opcodes")


def _restricted(data: bytes) -> object:
    """Read a pickle of arrays, numbers, text, lists and dictionaries; it can call nothing.

    No function or class that it names is looked up. The few that NumPy's arrays need are replaced by stand-ins, made
    anew for every file, so that a file can't change them for the next.
    """

    class Array:
        value: NDArray[Any]

        def __setstate__(self, state: tuple[object, tuple[int, ...], "Kind", bool, bytes | str]) -> None:
            _, shape, kind, fortran, raw = state
            # Python 2 wrote bytes as text.
            content = raw.encode("latin1") if isinstance(raw, str) else raw
            self.value = np.frombuffer(content, kind.dtype).reshape(shape, order="F" if fortran else "C")

    class Kind:
        dtype: "np.dtype[Any]"

        def __init__(self, code: str, *_: object) -> None:
            if code not in _CODES:
                raise pickle.UnpicklingError(f"it holds an array of the kind {code!r}")
            self.dtype = np.dtype(code)

        def __setstate__(self, state: tuple[object, ...]) -> None:
            if state[1] not in ("|", "<", "="):
                raise pickle.UnpicklingError("it holds an array of another byte order")

    def reconstruct(*_: object) -> Array:
        return Array()

    def encode(text: str, *_: object) -> bytes:
        return text.encode("latin1")

    allowed = {
        ("numpy.core.multiarray", "_reconstruct"): reconstruct,
        ("numpy._core.multiarray", "_reconstruct"): reconstruct,
        ("numpy", "ndarray"): Array,
        ("numpy", "dtype"): Kind,
        ("_codecs", "encode"): encode,
    }

    class Reader(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if (module, name) not in allowed:
                raise pickle.UnpicklingError(f"it wants to call {module}.{name}, which is refused")
            return allowed[module, name]

    _check_memo(data)
    content = Reader(io.BytesIO(data), encoding="latin1").load()
    return {key: getattr(value, "value", value) for key, value in content.items()} if type(content) is dict else content


_CODES = frozenset({"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"})
