"""The plugin layer: what strangers register is found, and what they break stays with them."""

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

GOOD = """
    from artbench import hookimpl
    from artbench.specs import BackboneSpec, DatasetSpec, Family, MetricSpec, PretrainingSpec, TargetSpec, TaskSpec
    from artbench.specs import ProtocolSpec

    @hookimpl
    def register_backbones(register):
        register(BackboneSpec(name="hog", description="Histograms.", factory="nowhere.at.all:build"))
        register(Family(name="zoo", description="A zoo.", resolve=resolve, names=lambda: ["zebra", "zebu"]))

    def resolve(name):
        if name in ("zebra", "zebu"):
            return BackboneSpec(name=name, description="An animal.", factory="nowhere:build")

    @hookimpl
    def register_pretrainings(register):
        register(PretrainingSpec(name="stripes", description="Stripes.", weights="nowhere:weights"))

    @hookimpl
    def register_datasets(register):
        register(DatasetSpec(name="etchings", description="Etchings.", factory="nowhere:read", source="a drawer",
                             layout="etchings"))

    @hookimpl
    def register_tasks(register):
        register(TaskSpec(name="etchings-school", description="School.", dataset="etchings", target="single-label",
                          primary_metric="accuracy", factory="nowhere:targets"))

    @hookimpl
    def register_targets(register):
        register(TargetSpec(name="state", description="Of a plate.", answer="number", metrics=("state_error",)))

    @hookimpl
    def register_metrics(register):
        register(MetricSpec(name="state_error", description="Error.", target="state", measure="nowhere:measure"))

    @hookimpl
    def register_protocols(register):
        register(ProtocolSpec(name="etched-v1", description="A probe.", probe="nowhere:fit"))
"""

# Of two plugins with the names of this one, both are loaded.
SHARED = GOOD.partition("    @hookimpl\n    def register_targets")[0]


def plugin_file(folder: Path, text: str, name: str = "mine.py") -> Path:
    file = folder / name
    file.write_text(dedent(text))
    return file


def test_every_hook_is_called_and_nothing_behind_a_factory_is_imported(tmp_path: Path) -> None:
    registry = load_plugins([plugin_file(tmp_path, GOOD)], only="")
    mine = registry.plugins[-1]
    assert mine.problem is None
    assert mine.registered == {
        "backbone": ("hog", "zoo"),
        "pretraining": ("stripes",),
        "dataset": ("etchings",),
        "task": ("etchings-school",),
        "target": ("state",),
        "metric": ("state_error",),
        "protocol": ("etched-v1",),
    }
    assert registry.backbones.get("hog").description == "Histograms."
    assert registry.backbones.get("zebra").name == "zebra"
    assert registry.pretrainings.get("stripes")
    assert registry.datasets.get("etchings")
    assert registry.tasks.get("etchings-school")


def test_every_hook_of_the_contract_is_among_those_above() -> None:
    hooks = {name for name in vars(hookspecs) if name.startswith("register_")}
    assert all(hook in GOOD for hook in hooks)
    assert len(hooks) == 7


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
        ("@hookimpl\ndef register_metrics(register): register(metric('accuracy'))", "accuracy has the name of that of"),
        ("@hookimpl\ndef register_metrics(register): register(metric('m', unit='two words'))", "not one short word"),
        ("@hookimpl\ndef register_metrics(register): register(metric('m', bounds=(0, 5)))", "a fraction with"),
        ("@hookimpl\ndef register_metrics(register): register(metric('m', statistic='sum'))", "not one of mean, jack"),
        ("@hookimpl\ndef register_targets(register): register(target('m', answer='word'))", "not one of class, labels"),
        ("@hookimpl\ndef register_targets(register): register(target('m', metrics=()))", "target m has no metrics"),
        ("@hookimpl\ndef register_targets(register): register(target('m', metrics='mine'))", "not a tuple of names"),
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
            "linear-v2 has the name of that",
        ),
        ("@hookimpl\ndef register_protocols(register): register(protocol('m-shots-4'))", "ends as variants of"),
        ("@hookimpl\ndef register_protocols(register): register(protocol('m', probe=None))", "m has no probe"),
        (
            "@hookimpl\ndef register_protocols(register): register(protocol('m', answers=('word',)))",
            "not some of class",
        ),
        ("@hookimpl\ndef register_protocols(register): register(protocol('m', answers='class'))", "not some of class"),
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


def test_an_unknown_name_is_answered_with_the_nearest_of_families_too(tmp_path: Path) -> None:
    registry = load_plugins([plugin_file(tmp_path, GOOD)], only="")
    with pytest.raises(UsageError, match="zebra"):
        registry.backbones.get("zebbra")
    with pytest.raises(UsageError, match="etchings-school"):
        registry.tasks.get("etching-school")


def test_a_family_that_fails_is_named_and_keeps_nobody_from_what_others_know(tmp_path: Path) -> None:
    text = dedent(SHARED).replace("resolve=resolve, names=lambda", "resolve='no.such:thing', names=lambda")
    files = [plugin_file(tmp_path, text, "torn.py"), plugin_file(tmp_path, SHARED, "sound.py")]
    registry = load_plugins(files, only="")
    assert registry.backbones.get("zebra").name == "zebra"
    with pytest.raises(ArtbenchError, match=r"the backbone family zoo of torn\.py failed.*'no'"):
        registry.backbones.get("okapi")


def test_two_of_one_name_are_told_apart_by_their_distribution(tmp_path: Path) -> None:
    files = [plugin_file(tmp_path, SHARED, "first.py"), plugin_file(tmp_path, SHARED, "second.py")]
    registry = load_plugins(files, only="")
    with pytest.raises(UsageError, match=r"first\.py and second\.py"):
        registry.backbones.get("hog")
    assert registry.backbones.get("second.py:hog").name == "second.py:hog"
    with pytest.raises(UsageError, match="no backbone"):
        registry.backbones.get("third.py:hog")
    single = load_plugins(files[:1], only="")
    assert single.backbones.get("first.py:hog").name == "hog"


@pytest.mark.parametrize("line", ["ARTBENCH_CONTRACT = 1", "ARTBENCH_CONTRACT: int = 1", "# ARTBENCH_CONTRACT = 9"])
def test_a_plugin_made_for_this_contract_or_for_none_in_particular_is_loaded(tmp_path: Path, line: str) -> None:
    registry = load_plugins([plugin_file(tmp_path, f"{line}\n" + dedent(GOOD))], only="")
    assert registry.plugins[-1].problem is None


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


def test_a_plugin_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.py"):
        load_plugins([tmp_path / "gone.py"], only="")


def test_a_plugin_that_prints_does_not_spoil_json(tmp_path: Path) -> None:
    noisy = plugin_file(tmp_path, "print('hello from the import')\n" + dedent(GOOD))
    command = [sys.executable, "-m", "artbench", "list", "tasks", "--json", "--plugin", str(noisy)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "etchings-school" in {row["name"] for row in json.loads(done.stdout)}
    assert "hello from the import" in done.stderr


def test_nothing_that_a_plugin_prints_by_any_way_gets_into_json(tmp_path: Path) -> None:
    loud = """
        import os, subprocess, sys
        from artbench import hookimpl
        from artbench.specs import Family

        os.write(1, b"by its number\\n")
        subprocess.run([sys.executable, "-c", "print('by a process')"], check=True)

        @hookimpl
        def register_backbones(register):
            register(Family(name="loud", description="Prints.", resolve=lambda name: None, names=names))

        def names():
            print("when it is used")
            return ["loudest"]
    """
    file = plugin_file(tmp_path, loud)
    command = [sys.executable, "-m", "artbench", "list", "backbones", "loudest", "--json", "--plugin", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [row["name"] for row in json.loads(done.stdout)] == ["loudest"]
    for text in ("by its number", "by a process", "when it is used"):
        assert text in done.stderr


def test_json_is_there_although_stderr_is_closed() -> None:
    command = f"{sys.executable} -m artbench list tasks --json 2>&-"
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, text=True, check=True)
    assert json.loads(done.stdout)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution `artbench-extra` that is installed, as far as Python can tell."""
    (tmp_path / "extra_plugin.py").write_text(dedent(GOOD))
    info = tmp_path / "artbench_extra-2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: artbench-extra\nVersion: 2.1\n")
    (info / "entry_points.txt").write_text("[artbench]\nextra = extra_plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_an_installed_plugin_is_found_with_distribution_and_version(installed: Path) -> None:
    plugin = next(plugin for plugin in load_plugins().plugins if plugin.name == "extra")
    assert (plugin.distribution, plugin.version, plugin.problem) == ("artbench-extra", "2.1", None)


@pytest.mark.parametrize(
    ("only", "found"), [("", False), ("extra", True), ("artbench-extra, wikiart", True), ("wikiart", False)]
)
def test_artbench_plugins_restricts_outside_plugins(
    installed: Path, monkeypatch: pytest.MonkeyPatch, only: str, found: bool
) -> None:
    monkeypatch.setenv("ARTBENCH_PLUGINS", only)
    names = {plugin.name for plugin in load_plugins().plugins}
    assert ("extra" in names) is found
    assert {"timm", "wikiart", "sample"} <= names


def test_plugins_command_names_what_failed(tmp_path: Path) -> None:
    broken = plugin_file(tmp_path, "import no_such_library", "broken.py")
    command = [sys.executable, "-m", "artbench", "plugins", "--json", "--plugin", str(broken)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert "no_such_library" in rows["broken"]["problem"]
    assert rows["wikiart"]["problem"] is None
    assert rows["wikiart"]["registers"]["task"]


def test_a_name_that_is_built_in_is_not_taken_away(tmp_path: Path) -> None:
    text = dedent(SHARED).replace('name="hog"', 'name="colour-histogram"')
    registry = load_plugins([plugin_file(tmp_path, text)], only="")
    entry, spec = registry.backbones.find("colour-histogram")
    assert (entry.distribution, spec.name) == ("artbench", "colour-histogram")
    # Asked for by its distribution it is the same, and has one name on record.
    assert registry.backbones.get("artbench:colour-histogram").name == "colour-histogram"
    entry, spec = registry.backbones.find("mine.py:colour-histogram")
    assert (entry.distribution, spec.name) == ("mine.py", "mine.py:colour-histogram")
    assert any("shares the name" in remark.message for remark in remarks(registry.plugins[-1], registry))


def test_a_file_that_is_named_twice_is_one_plugin(tmp_path: Path) -> None:
    file = plugin_file(tmp_path, GOOD)
    registry = load_plugins([file, file, tmp_path / ".." / tmp_path.name / "mine.py"], only="")
    assert [plugin.name for plugin in registry.plugins].count("mine") == 1
    assert registry.backbones.get("hog").name == "hog"


def test_a_plugin_that_is_asked_for_and_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_PLUGINS", "wikart")
    with pytest.raises(UsageError, match=r"ARTBENCH_PLUGINS: no plugin .* is called 'wikart'.*mean 'wikiart'"):
        load_plugins()


def test_a_plugin_that_registers_nothing_is_remarked(tmp_path: Path) -> None:
    registry = load_plugins([plugin_file(tmp_path, "import json")], only="")
    (remark,) = remarks(registry.plugins[-1], registry)
    assert remark.message == "registers nothing"


def test_a_checkout_that_was_updated_and_not_installed_again_is_told(tmp_path: Path) -> None:
    info = tmp_path / "artbench-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: artbench\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[artbench]\nsample = artbench_sample\n")
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from artbench.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", script, "list", "tasks"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "own plugins are not all installed. Install artbench again; in a checkout, `pip install -e .`" in done.stderr
