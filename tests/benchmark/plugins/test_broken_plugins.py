"""What strangers break stays with them, and what is awkward is told."""

import json
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from artbench import hookspecs
from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.loading import load_plugins
from artbench.plugins.remarks import remarks
from tests.support.plugin_files import GOOD, SHARED, plugin_file

# Of two plugins with the names of this one, both are loaded.


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import no_such_library", "No module named 'no_such_library'"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("def broken(:", "SyntaxError"),
        ("@hookimpl\ndef register_backbones(register): register('resnet50')", "registers a str as a backbone"),
        ("@hookimpl\ndef register_backbones(register): raise OSError('no disk')", "no disk"),
        ("@hookimpl\ndef register_backbone(register): pass", "there is no hook 'register_backbone'. Did you mean 'reg"),
        ("@hookimpl\ndef register_backbones(registrar): pass", "takes registrar. It is given register"),
        ("@hookimpl\ndef register_backbones(register): register(spec('../x'))", "can't be the name"),
        ("@hookimpl\ndef register_backbones(register): register(spec('x:y'))", "can't be the name"),
        ("@hookimpl\ndef register_backbones(register): register(spec('x', 'two\\nlines'))", "not one line"),
        ("@hookimpl\ndef register_backbones(register): register(spec('x')); register(spec('x'))", "two backbones"),
        ("@hookimpl\ndef register_tasks(register): register(task('ranking'))", "target of task x"),
        ("@hookimpl\ndef register_tasks(register): register(task('year', literature='x'))", "literature of task x"),
        ("@hookimpl\ndef register_tasks(register): register(task('year', literature=7))", "literature of task x"),
        ("@hookimpl\ndef register_tasks(register): register(task('year', literature=[{}]))", "literature of task x"),
        (
            "@hookimpl\ndef register_tasks(register): register(task('year', published=23))",
            "published of task x",
        ),
        ("@hookimpl\ndef register_tasks(register): register(task('year', metrics='accuracy'))", "not a tuple of names"),
        ("Published(classes='23')", "classes of a Published is '23'"),
        (
            "PublishedResult(work='Me', metric='accuracy', value=81.2, difference='none')",
            "value of a Published",
        ),
        ("@hookimpl\ndef register_metrics(register): register(metric('m', 'ranking'))", "target of metric m"),
        (
            "@hookimpl\ndef register_metrics(register): register(metric('accuracy'))",
            "accuracy is called as one of plugin targets",
        ),
        ("@hookimpl\ndef register_metrics(register): register(metric('m', unit='two words'))", "not one short word"),
        ("@hookimpl\ndef register_metrics(register): register(metric('m', bounds=(0, 5)))", "a fraction with"),
        ("@hookimpl\ndef register_metrics(register): register(metric('m', statistic='sum'))", "not one of mean, jack"),
        ("@hookimpl\ndef register_targets(register): register(target('m', answer='word'))", "not one of class, labels"),
        ("@hookimpl\ndef register_targets(register): register(target('m', metrics=()))", "target m has no metrics"),
        (
            "@hookimpl\ndef register_targets(register): register(target('m', baselines='ab'))",
            "baselines of m is 'ab', not a sequence of texts",
        ),
        (
            "@hookimpl\ndef register_targets(register): register(target('m', baselines=('median',)))",
            "baselines of target m are ('median',), not two names",
        ),
        (
            "@hookimpl\ndef register_targets(register): register(target('m', answer='ranking', baselines=()))",
            "baselines of target m are (), not one name",
        ),
        (
            "@hookimpl\ndef register_metrics(register): register(metric('m', unit='number', bounds=5))",
            "the bounds of metric m are 5, not a smallest and a largest value",
        ),
        (
            "@hookimpl\ndef register_targets(register): register(spec('m'))",
            "BackboneSpec as a target, not a TargetSpec",
        ),
        (
            "@hookimpl\ndef register_protocols(register): register(protocol('linear-v2'))",
            "linear-v2 is called as one",
        ),
        (
            "@hookimpl\ndef register_protocols(register): register(protocol('m-shots-4'))",
            "can't have -shots-4",
        ),
        ("@hookimpl\ndef register_protocols(register): register(protocol('m', probe=None))", "m has no probe"),
        (
            "@hookimpl\ndef register_protocols(register): register(protocol('m', answers=('word',)))",
            "not some of class",
        ),
        ("@hookimpl\ndef register_protocols(register): register(protocol('m', answers='class'))", "not a tuple"),
        (
            "@hookimpl\ndef register_protocols(register): register(protocol('m', features='all'))",
            "not pooled or tokens",
        ),
        (
            "@hookimpl\ndef register_protocols(register): register(protocol('m', settings={'a': {1}}))",
            "what JSON holds",
        ),
        (
            "@hookimpl\ndef register_protocols(register): register(protocol('m', seeds=(0, 0)))",
            "different whole numbers",
        ),
        ("@hookimpl\ndef register_protocols(register): register(protocol('m', version=0))", "version of protocol m"),
        (
            "@hookimpl\ndef register_protocols(register): register(protocol('m', tolerance=-1))",
            "tolerance of protocol m",
        ),
    ],
)
def test_a_broken_plugin_is_named_and_left_out_whole(tmp_path: Path, text: str, reason: str) -> None:
    preamble = dedent("""
        from artbench import hookimpl
        from artbench.specs import BackboneSpec, MetricSpec, Published, PublishedResult, TargetSpec, TaskSpec
        from artbench.specs import ProtocolSpec

        def spec(name, description="A backbone."):
            return BackboneSpec(name=name, description=description, factory="a:b")

        def task(target, **rest):
            stated = {"dataset": "d", "target": target, "primary_metric": "m", "factory": "a:b", **rest}
            return TaskSpec(name="x", description="X.", **stated)

        def metric(name, target="single-label", **rest):
            return MetricSpec(name=name, description="M.", target=target, measure="a:b", **rest)

        def target(name, answer="class", metrics=("accuracy",), **rest):
            return TargetSpec(name=name, description="T.", answer=answer, metrics=metrics, **rest)

        def protocol(name, probe="a:b", **rest):
            return ProtocolSpec(name=name, description="P.", probe=probe, **rest)

        @hookimpl
        def register_pretrainings(register):
            from artbench.specs import PretrainingSpec
            register(PretrainingSpec(name="left-out-too", description="Good.", weights="a:b"))

    """)
    broken = plugin_file(tmp_path, preamble + text, "broken.py")
    registry = load_plugins([broken, plugin_file(tmp_path, GOOD)], only="")
    problem = next(plugin.problem for plugin in registry.plugins if plugin.name == "broken")
    assert problem is not None
    assert reason in problem
    assert any("broken of broken.py is left out" in line for line in registry.problems)
    assert registry.backbones.get("hog")
    with pytest.raises(UsageError):
        registry.pretrainings.get("left-out-too")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import no_such_library", "No module named 'no_such_library' (mine.py, line 6)"),
        ("{}['size']", "KeyError: 'size' (mine.py, line 6)"),
        ("register('no spec')", "registers a str as a task, not a TaskSpec or a Family (mine.py, line 6)"),
        # It fails in a library that the plugin's own line calls.
        ("import json; json.loads('{')", "(char 1) (mine.py, line 6)"),
    ],
)
def test_the_line_of_a_plugin_is_told_at_which_it_failed(
    body: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"from artbench import hookimpl\n\n\n@hookimpl\ndef register_tasks(register):\n    {body}\n"
    file = plugin_file(tmp_path, text, "mine.py")
    monkeypatch.chdir(tmp_path)
    for given in (file, Path("mine.py")):
        (problem,) = load_plugins([given], only="").problems
        assert problem.endswith(said)


def test_a_family_that_fails_is_named_and_keeps_nobody_from_what_others_know(tmp_path: Path) -> None:
    text = dedent(SHARED).replace("resolve=resolve, names=lambda", "resolve='no.such:thing', names=lambda")
    files = [plugin_file(tmp_path, text, "torn.py"), plugin_file(tmp_path, SHARED, "sound.py")]
    registry = load_plugins(files, only="")
    assert registry.backbones.get("zebra").name == "zebra"
    with pytest.raises(ArtbenchError, match=r"the backbone family zoo of torn\.py failed.*'no'"):
        registry.backbones.get("okapi")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ARTBENCH_CONTRACT = 7", f"contract 7 of plugins, and artbench .* has contract {hookspecs.CONTRACT}"),
        ("ARTBENCH_CONTRACT: int = 0", f"contract 0 of plugins, and artbench .* has contract {hookspecs.CONTRACT}"),
        ("ARTBENCH_CONTRACT = 'two'", "its ARTBENCH_CONTRACT is 'two'. A whole number"),
    ],
)
def test_a_plugin_made_for_another_contract_is_refused_before_it_is_imported(
    tmp_path: Path, line: str, reason: str
) -> None:
    other = plugin_file(tmp_path, f"from artbench import what_contract_7_has\n{line}\n", "other.py")
    registry = load_plugins([other, plugin_file(tmp_path, GOOD)], only="")
    problem = next(plugin.problem for plugin in registry.plugins if plugin.name == "other")
    assert problem is not None
    assert re.search(reason, problem)
    assert registry.backbones.get("hog")


def test_what_is_awkward_about_a_plugin_that_works_is_remarked(tmp_path: Path) -> None:
    slow = "import time; time.sleep(1.1); print('ready')\n" + dedent(SHARED)
    files = [plugin_file(tmp_path, slow, "slow.py"), plugin_file(tmp_path, SHARED, "other.py")]
    registry = load_plugins(files, only="")
    loaded = {plugin.name: plugin for plugin in registry.plugins}
    said = "; ".join(remark.message for remark in remarks(loaded["slow"], registry))
    assert "s to load, at every start; prints while it is loaded; its backbone hog" in said
    assert "its task etchings-school shares the name with that of other.py" in said
    (shared, *_) = others = [remark.message for remark in remarks(loaded["other"], registry)]
    assert "shares the name" in shared
    assert not any("print" in remark or " s to load" in remark for remark in others)
    assert list(remarks(loaded["sample"], registry)) == []


def test_plugins_command_names_what_failed(tmp_path: Path) -> None:
    broken = plugin_file(tmp_path, "import no_such_library", "broken.py")
    command = [sys.executable, "-m", "artbench", "plugins", "--json", "--plugin", str(broken)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert "no_such_library" in rows["broken"]["problem"]
    assert rows["wikiart"]["problem"] is None
    assert rows["wikiart"]["registers"]["task"]


def test_a_plugin_that_registers_nothing_is_remarked(tmp_path: Path) -> None:
    registry = load_plugins([plugin_file(tmp_path, "import json")], only="")
    (remark,) = remarks(registry.plugins[-1], registry)
    assert remark.message == "registers nothing"
