"""The options of a matrix are those of `artbench run`, from a file or from Python."""

from pathlib import Path

import pytest

from artbench.errors import UsageError
from artbench.matrix.options import matrix_options, read_options
from tests.support.plugins import PROBES

WHOLE = """
task = ["wikiart-style", "wikiart-artist"]
backbone = "resnet18"
pretraining = ["imagenet", "random"]
shots = [1, 4]
results = "out"

[[encoder]]
backbone = ["vit_small_patch16_224@pool=cls"]
pretraining = "dino.pth"

[data]
wikiart = "pictures/wikiart"

[resources]
cores = 8
memory = "1500M"
time = "1:30:00"
at_least = "90s"

[slurm]
partition = "gpu"
setup = ["module load python", "source env/bin/activate"]
extra = { constraint = "a100" }
"""


def test_a_file_says_what_to_measure_and_on_what(tmp_path: Path) -> None:
    file = tmp_path / "matrix.toml"
    file.write_text(WHOLE)
    options = matrix_options(read_options(file) | {"cwd": tmp_path}, source=str(file))
    assert list(options.choices) == [
        ("resnet18", "imagenet"),
        ("resnet18", "random"),
        ("vit_small_patch16_224@pool=cls", "dino.pth"),
    ]
    assert options.folder == tmp_path / "out"
    assert options.paths.by_name == {"wikiart": tmp_path / "pictures/wikiart"}
    assert options.resources.memory == pytest.approx(1500 / 1024)
    assert options.resources.time == 90
    assert options.resources.at_least == 1.5
    request = options.request(backbones=("resnet18",), pretraining="random", tasks=("wikiart-style",))
    assert request.shots == (1, 4)


@pytest.mark.parametrize(
    ("time", "minutes"),
    [("90", 90), ("4h", 240), ("30s", 0.5), ("10:00", 10), ("1:30:00", 90), ("2-0", 2880), ("1-12:30", 2190), (7, 7)],
)
def test_times_are_read_as_slurm_reads_them(time: object, minutes: float) -> None:
    options = matrix_options({"backbone": "x", "task": "y", "resources": {"time": time}})
    assert options.resources.time == minutes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"task": "y"}, "no backbone is named in "),
        ({"backbone": "x", "task": []}, "no task is named in "),
        ({"backbone": "x"}, "no task is named in "),
        ({"backbone": "x", "task": "y", "bakcbone": "z"}, "bakcbone: there is no such option"),
        ({"backbone": "x", "task": "y", "resources": {"time": "soon"}}, "resources.time: 'soon' is not a time"),
        ({"backbone": "x", "task": "y", "resources": {"time": ""}}, "resources.time: '' is not a time"),
        ({"backbone": "x", "task": "y", "resources": {"memory": "lots"}}, "resources.memory: 'lots' is not an amount"),
        ({"backbone": "x", "task": "y", "protocol": "linear-v9"}, "no protocol is called 'linear-v9'"),
        ({"backbone": "x", "task": "y", "mean": [0.5, 0.5, 0.5]}, "given together"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(content: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        matrix_options(content)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_protocol_of_a_plugin_in_a_file_is_known() -> None:
    options = matrix_options({"backbone": "x", "task": "y", "protocol": "means-v1", "plugin": [str(PROBES)]})
    protocol = options.request(backbones=("x",), pretraining="random", tasks=("y",)).protocol
    assert protocol.own is not None
    assert protocol.own.seeds == (3, 5)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "matrix.toml"
    file.write_text("task = [")
    with pytest.raises(UsageError, match="is not TOML"):
        read_options(file)
    with pytest.raises(UsageError, match="there is no file"):
        read_options(tmp_path / "none.toml")
