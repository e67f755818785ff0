"""The Tab key: which names it offers, in each shell's form, in a real bash, without importing anything heavy."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.shell_completion import get_completion_class

from artbench.cli.completion import SHELLS
from artbench.cli.main import artbench as group
from artbench.plugins.loading import load_plugins
from tests.benchmark.cli.test_start import HEAVY

VARIABLE = "_ARTBENCH_COMPLETE"
BASH = shutil.which("bash")
INSTALLED = Path(sys.executable).with_name("artbench")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("ARTBENCH_CACHE", str(folder))
    monkeypatch.setenv("ARTBENCH_PLUGINS", "")
    return folder


def offered(line: str, *, shell: str = "bash") -> list[str]:
    """The values offered where the line ends, without those that stand for files."""
    *words, incomplete = line.split(" ")
    script = get_completion_class(shell)
    assert script is not None
    items = script(group, {}, "artbench", VARIABLE).get_completions(words, incomplete)
    return [item.value for item in items if item.type == "plain"]


def timm_has(*names: str) -> None:
    """Keep these as the names of timm."""
    catalogue = load_plugins().backbones
    entry, timm = next(found for found in catalogue.families() if found[1].name == "timm")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("artbench_timm.family.names", lambda: names)
        patch.setattr("artbench.plugins.family_names._IMPORTED_BEFORE", frozenset())
        assert list(catalogue.names_of(entry, timm)) == list(names)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("run --backbone colour", ["colour-histogram"]),
        ("run --backbone colour-histogram --pretraining imag", ["imagenet"]),
        ("run --backbone resnet18@po", ["resnet18@pool=avg", "resnet18@pool=max"]),
        (
            "run --backbone tf_efficientnet_lite0@pool=",
            [f"tf_efficientnet_lite0@pool={pool}" for pool in ("avg", "max")],
        ),
        ("run --backbone vit_b_16@pool=", [f"vit_b_16@pool={pool}" for pool in ("cls", "avg", "cls+avg", "max")]),
        ("run --backbone resnet50_clip@pool=m", ["resnet50_clip@pool=map", "resnet50_clip@pool=max"]),
        (
            "run --backbone vit_base_patch16_siglip_224@pool=m",
            [f"vit_base_patch16_siglip_224@pool={p}" for p in ("map", "max")],
        ),
        ("run --backbone resnet50_clip@layer=2,pool=m", ["resnet50_clip@layer=2,pool=max"]),
        ("run --backbone resnet18@pool=max,la", ["resnet18@pool=max,layer=2"]),
        ("run --backbone colour-histogram@bins=1", ["colour-histogram@bins=16"]),
        ("features export --backbone a@size=22", ["a@size=224"]),
        ("run --json --task sample-sty", ["sample-style"]),
        ("run --protocol ret", ["retrieval-v1"]),
        ("matrix run --protocol rob", ["robustness-v1"]),
        ("pretrain moco-v3", ["moco-v3", "moco-v3-vit"]),
        ("plugins che", ["check"]),
        ("plugins check wiki", ["wikiart"]),
        ("plugins check moco artb", ["artbench10", "artbench"]),
        ("plugins check weights --backbone colour", ["colour-histogram"]),
        ("pretrain rand", []),
        ("pretrain moco-v2 --dataset samp", ["sample"]),
        ("pretrain moco-v2 --knn sample-sty", ["sample-style"]),
        ("data check wikiart samp", ["sample"]),
        ("explore samp", ["sample"]),
        ("data download samp", ["sample"]),
        ("data audit sample --backbone colour", ["colour-histogram"]),
        ("explain filters --examples samp", ["sample"]),
        ("features export --dataset samp", ["sample"]),
        ("leaderboard show sample-sty", ["sample-style"]),
        ("leaderboard publish sample-sty", ["sample-style"]),
        ("leaderboard export --pretraining imag", ["imagenet"]),
        ("new pl", ["plugin"]),
        ("new plugin mine --kind b", ["backbone"]),
        ("explain neigh", ["neighbours"]),
        ("rep", ["report"]),
        ("completion z", ["zsh"]),
        ("lead", ["leaderboard"]),
    ],
)
def test_names_are_offered_where_they_belong(line: str, expected: list[str]) -> None:
    assert offered(line) == expected


def test_protocols_on_record_are_offered(tmp_path: Path) -> None:
    for protocol in ("linear-v2", "linear-v2-width-40", "ridge-v2", "$(b)"):
        (tmp_path / "records" / protocol).mkdir(parents=True)
        (tmp_path / "records" / protocol / "a.json").write_text(json.dumps({"protocol": protocol}))
    line = f"leaderboard show --results {tmp_path} --protocol"
    assert offered(f"{line} lin") == ["linear-v2", "linear-v2-width-40"]
    assert offered(f"{line} ") == ["linear-v2", "linear-v2-width-40", "ridge-v2"]


def test_every_option_that_takes_a_name_offers_names() -> None:
    timm_has("resnet18")
    kinds = {"--backbone", "--pretraining", "--task", "--dataset", "--knn", "--examples"}
    seen, silent = set(), []

    def visit(command: click.Command, path: str) -> None:
        context = click.Context(command)
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                visit(child, f"{path} {name}")
        for option in command.params:
            if option.opts[0] in kinds and isinstance(option, click.Option):
                seen.add(option.opts[0])
                if not any(item.type == "plain" for item in option.shell_complete(context, "")):
                    silent.append(f"{path} {option.opts[0]}")

    visit(group, "artbench")
    assert seen == kinds
    # There it is the path of a checkpoint alone.
    of_records = ("leaderboard verify", "explain gradcam", "explain map", "explain neighbours", "report", "predict")
    assert silent == [f"artbench {command} --pretraining" for command in of_records]


def test_families_are_offered_once_they_were_listed() -> None:
    assert offered("run --backbone resnet") == []
    timm_has("resnet18", "resnet18.a1_in1k", "resnet50", "resnet50.a1_in1k", "resnet_only.tagged")
    assert offered("run --backbone resnet") == ["resnet18", "resnet50", "resnet_only.tagged"]
    assert offered("run --backbone resnet18.") == ["resnet18.a1_in1k"]


def test_a_family_that_is_gone_is_not_offered(cache: Path) -> None:
    (cache / "names").mkdir(parents=True)
    (cache / "names" / "backbone-gone-timm.json").write_text('{"state": "", "names": ["resnet18"]}')
    assert offered("run --backbone resnet") == []


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"names": ["aaa"]}', '{"state": "", "names": ["aaa"]}', '{"state": "of old", "names": 3}'],
)
def test_a_spoilt_file_of_names_offers_nothing_and_is_mended(cache: Path, content: str) -> None:
    (cache / "names").mkdir(parents=True)
    (cache / "names" / "backbone-artbench-timm.json").write_text(content)
    assert offered("run --backbone a") == []
    timm_has("alexnet", "a b", "a\n$(b)")
    assert offered("run --backbone a") == ["alexnet"]


def test_a_cache_that_cannot_be_written_spoils_neither_lists_nor_completion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "file"))
    timm_has("resnet18")
    assert offered("run --backbone colour") == ["colour-histogram"]


# Not -X importtime, whose lines the completion would keep from the terminal with all that plugins print.
RUN = """
import atexit, sys
atexit.register(lambda: print(*sorted(sys.modules), sep="\\n", file=sys.stderr))
from artbench.cli.main import main
main()
"""


def artbench(*words: str, **variables: str) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    """What the command answered, and the modules that were imported for it."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words], capture_output=True, text=True, env={**os.environ, **variables}
    )
    return done, set(done.stderr.splitlines())


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_is_answered_without_heavy_imports(shell: str) -> None:
    # fish hands over the word itself, the others its number.
    last = "sample-sty" if shell == "fish" else "3"
    line = {"COMP_WORDS": "artbench run --task sample-sty", "COMP_CWORD": last, VARIABLE: f"{shell}_complete"}
    done, imported = artbench(**line)
    assert done.returncode == 0
    assert "sample-style" in re.split(r"[,\t\n]", done.stdout)
    assert "artbench_timm" in imported
    assert not {module.partition(".")[0] for module in imported} & HEAVY


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_each_shell_asks_artbench(shell: str) -> None:
    done, _ = artbench("completion", shell)
    assert done.returncode == 0
    assert f"{VARIABLE}={shell}_complete" in done.stdout


def test_listing_keeps_the_names(cache: Path, tmp_path: Path) -> None:
    plugin = tmp_path / "many.py"
    plugin.write_text(
        "from artbench import hookimpl\nfrom artbench.specs import Family\n\n@hookimpl\ndef register_tasks(register):\n"
        "    register(Family(name='many', description='Many.', resolve=lambda name: None, names=lambda: ['many-1']))\n"
    )
    artbench("list", "tasks", "*", "--plugin", str(plugin))
    kept = json.loads((cache / "names" / "task-many.py-many.json").read_text())
    assert kept["names"] == ["many-1"]


def test_a_plugin_that_prints_leaves_the_line_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "loud-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: loud\nVersion: 1\n")
    (package / "entry_points.txt").write_text("[artbench]\nloud = loud\nbroken = not_there\n")
    (tmp_path / "loud.py").write_text("import sys\nprint('LOUD')\nprint('LOUD', file=sys.stderr)\n")
    variables = {"COMP_WORDS": "artbench run --task sample-sty", "COMP_CWORD": "3", VARIABLE: "bash_complete"}
    done, imported = artbench(**variables, ARTBENCH_PLUGINS="loud,broken", PYTHONPATH=str(tmp_path))
    assert done.stdout == "plain,sample-style\n"
    assert "loud" in imported
    assert "LOUD" not in done.stderr


@pytest.mark.integration
@pytest.mark.skipif(BASH is None or not INSTALLED.exists(), reason="needs bash and the installed command")
def test_the_tab_key_in_a_real_bash(tmp_path: Path) -> None:
    (tmp_path / "mine.pth").touch()
    environment = {**os.environ, "PATH": f"{INSTALLED.parent}{os.pathsep}{os.environ['PATH']}", "TERM": "dumb"}
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(tmp_path)
        os.execve(str(BASH), [str(BASH), "--norc", "--noprofile", "-i"], {**environment, "PS1": "> "})
    try:
        os.write(terminal, b'bind "set enable-bracketed-paste off"; eval "$(artbench completion bash)"; echo re""ady\n')
        _wait_for(terminal, "ready")
        for typed, completed in (
            ("artbench run --task sample-sty", "--task sample-style "),
            ("artbench run --pretraining imag", "--pretraining imagenet "),
            ("artbench run --pretraining min", "--pretraining mine.pth "),
            ("artbench leaderb", "artbench leaderboard "),
            ("artbench run --backbone colour-histogram@si", "--backbone colour-histogram@size=224 "),
            ("artbench run --backbone colour-histogram@bins=1", "--backbone colour-histogram@bins=16 "),
            ("artbench run --backbone a@pool=cls,lay", "--backbone a@pool=cls,layer=2 "),
            ("artbench run --backbone=a@siz", "--backbone=a@size=224 "),
            ("artbench run --data 'sample=x y' --task sample-sty", "--task sample-style "),
        ):
            os.write(terminal, f"{typed}\t".encode())
            _wait_for(terminal, completed)
            os.write(terminal, b"\x15")
        # A list repeats nothing that is written before a comma.
        os.write(terminal, b"artbench run --backbone a@layer=2,pool=max,\t\x15")
        os.write(terminal, b"artbench run --backbone a@layer=2,\t\t")
        _wait_for(terminal, "\npool=avg  pool=max  size=224")
    finally:
        os.write(terminal, b"\x15exit\n")
        os.waitpid(process, 0)
        os.close(terminal)


def _wait_for(terminal: int, text: str) -> None:
    shown, end = "", time.monotonic() + 30
    while text not in shown:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"no {text!r} in {shown!r}"
        shown += os.read(terminal, 4096).decode(errors="replace")
