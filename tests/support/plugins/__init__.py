"""Plugins in a file, for `--plugin FILE` and `load_plugins`; records name them by their file names."""

from pathlib import Path

_FOLDER = Path(__file__).parent
# A dataset of small painted images, tasks of every kind on it, and networks that are quick to train and to run.
TOY = _FOLDER / "toy_plugin.py"
# A dataset whose groups and years are known, for intervals and protocols.
JUDGED = _FOLDER / "judged_plugin.py"
TWINS = _FOLDER / "twins_plugin.py"
# A convolutional network with a layer of every kind that Grad-CAM looks for, and a task that asks for years.
SEEN = _FOLDER / "seen_plugin.py"
# A backbone that is small enough for images of any dataset.
SMALL = _FOLDER / "small_plugin.py"
# A network whose step never returns.
HANGING = _FOLDER / "hanging_plugin.py"
# A network that takes much memory, if it is told so, and never returns.
HUNGRY = _FOLDER / "hungry_plugin.py"
# Networks that state layers and pools that they don't have, or overflow in one layer.
ODD = _FOLDER / "odd_plugin.py"
# Metrics of every statistic, a kind of target of its own, and tasks on the toy dataset that ask for them.
MEASURED = _FOLDER / "measured_plugin.py"
# Protocols with probes of their own, good ones and bad ones.
PROBES = _FOLDER / "probes_plugin.py"
