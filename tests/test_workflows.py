"""The workflows on pull requests: what is trusted decides, nothing moves under us, and pages follow from records."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from artbench.cli.main import artbench

ROOT = Path(__file__).resolve().parents[1]
# The source distribution has none.
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

pytestmark = pytest.mark.skipif(not WORKFLOWS, reason="there are no workflows here")


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_actions_are_pinned_by_commit(file: Path) -> None:
    for action in re.findall(r"uses: *(\S+)", file.read_text()):
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action), action


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_no_workflow_has_more_rights_than_it_needs(file: Path) -> None:
    content = yaml.safe_load(file.read_text())
    assert content["permissions"] == {"contents": "read"}
    for job in content["jobs"].values():
        assert set(job.get("permissions", {})) <= {"id-token"}
        for step in job["steps"]:
            # What a pull request says, such as its title, would run as a command.
            assert "github.event" not in step.get("run", "")
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_the_trusted_version_of_the_check_decides() -> None:
    content = yaml.safe_load((ROOT / ".github" / "workflows" / "leaderboard.yml").read_text())
    # YAML takes `on` for true. A required check that paths leave out would wait for ever.
    assert content[True] == "pull_request_target"
    assert "secrets" not in (ROOT / ".github" / "workflows" / "leaderboard.yml").read_text().replace("no secret", "")
    steps = content["jobs"]["records"]["steps"]
    submitted = [step["with"]["path"] for step in steps if "head.sha" in str(step.get("with", {}).get("ref", ""))]
    assert submitted == ["submitted"]
    for step in steps:
        assert not re.search(r"(pip install|python|bash|sh|source) +(\./)?submitted", step.get("run", ""))


def blocks(file: Path) -> dict[str, str]:
    """Return what each step of a workflow runs, by job and number."""
    jobs = yaml.safe_load(file.read_text())["jobs"]
    return {
        f"{name} {number}": step["run"]
        for name, job in jobs.items()
        for number, step in enumerate(job["steps"])
        if "run" in step
    }


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_what_workflows_run_is_bash(file: Path) -> None:
    for name, block in blocks(file).items():
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert (name, done.returncode, done.stderr) == (name, 0, "")


def test_artbench_has_the_options_that_workflows_give() -> None:
    text = "\n".join(block for file in WORKFLOWS for block in blocks(file).values())
    lines = re.findall(r"artbench leaderboard .*", text)
    assert len(lines) == 5
    for line in lines:
        _, group, name, *words = shlex.split(line)
        found = artbench.get_command(click.Context(artbench), group)
        assert isinstance(found, click.Group)
        command = found.get_command(click.Context(found), name)
        assert command is not None
        # Values that the shell fills in, and files that are not here, are not looked at.
        command.make_context(name, words, resilient_parsing=True)


@pytest.mark.parametrize("workflow", ["leaderboard.yml", "verify.yml"])
def test_records_that_a_pull_request_adds_or_changes_are_verified(workflow: str, tmp_path: Path) -> None:
    every = blocks(ROOT / ".github" / "workflows" / workflow).values()
    (block,) = [block for block in every if "leaderboard verify" in block]
    for side, records in (("trusted", {"same": "1", "changed": "1"}), ("submitted", {"same": "1", "changed": "2"})):
        folder = tmp_path / side / "leaderboards" / "records" / "a task"
        folder.mkdir(parents=True)
        for name, content in {**records, f"only {side}": ""}.items():
            (folder / f"{name}.json").write_text(content)
    stub = tmp_path / "environment" / "bin" / "artbench"
    stub.parent.mkdir(parents=True)
    stub.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >> "$CALLS"\nexit "$STATUS"\n')
    stub.chmod(0o755)
    calls = tmp_path / "calls"
    place = {"PATH": f"{stub.parent}:{os.environ['PATH']}", "CALLS": str(calls), "SAMPLE": "32"}
    failed = {}
    for status in ("1", "3", "0"):
        calls.unlink(missing_ok=True)
        run = subprocess.run(["bash", "-e", "-c", block], cwd=tmp_path, env=place | {"STATUS": status}, check=False)
        failed[status] = run.returncode != 0
        *words, first, second = calls.read_text().splitlines()
        assert words == ["leaderboard", "verify", "--sample", "32"]
        assert {first, second} == {"./a task/changed.json", "./a task/only submitted.json"}
    # Where the data is, nothing that could be verified is a failure.
    assert failed == {"1": True, "3": workflow == "verify.yml", "0": False}


@pytest.mark.parametrize("workflow", ["leaderboard.yml", "verify.yml"])
def test_a_pull_request_without_a_plain_folder_of_leaderboards_is_refused(workflow: str, tmp_path: Path) -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / workflow).read_text())["jobs"]
    for job in jobs.values():
        steps = [step.get("run", "") for step in job["steps"]]
        first = next(number for number, run in enumerate(steps) if "submitted" in run)
        (number,) = [number for number, step in enumerate(job["steps"]) if step.get("name") == "Refuse links"]
        assert number == first
        (tmp_path / "trusted" / "leaderboards" / "records").mkdir(parents=True, exist_ok=True)
        for what in ("folder", "link", "link within", "file", "nothing"):
            place = tmp_path / what / "submitted"
            place.mkdir(parents=True, exist_ok=True)
            folder = place / "leaderboards"
            if what == "link" and not folder.is_symlink():
                folder.symlink_to(tmp_path / "trusted" / "leaderboards")
            elif what == "file":
                folder.write_text("../trusted/leaderboards")
            elif what.startswith("folder") or what == "link within":
                folder.mkdir(exist_ok=True)
                if what == "link within" and not (folder / "records").is_symlink():
                    (folder / "records").symlink_to(tmp_path / "trusted" / "leaderboards" / "records")
            done = subprocess.run(["bash", "-e", "-c", steps[number]], cwd=place.parent, check=False)
            assert (what, done.returncode == 0) == (what, what == "folder")


def compare(built: Path, submitted: Path) -> subprocess.CompletedProcess[str]:
    script = ROOT / ".github" / "compare_pages.py"
    return subprocess.run([sys.executable, script, built, submitted], capture_output=True, text=True, check=False)


def test_pages_are_those_that_the_records_build(tmp_path: Path) -> None:
    built, submitted = tmp_path / "built", tmp_path / "submitted"
    for folder in (built, submitted):
        folder.mkdir()
        for name in ("README.md", "a.md", "index.html"):
            (folder / name).write_text(name)
    (submitted / "records").mkdir()
    assert compare(built, submitted).returncode == 0
    (submitted / "index.html").unlink()
    assert compare(built, submitted).returncode == 0
    (submitted / "index.html").write_text("another")
    (submitted / "a.md").unlink()
    (submitted / "README.md").unlink()
    (submitted / "README.md").symlink_to("/etc/passwd")
    for name in ("::notice::x", "##[add-mask]FAIL"):
        (submitted / name).write_text("")
    done = compare(built, submitted)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert len(lines) == 6
    assert all(line.startswith(("FAIL", "Build")) and "##[" not in line for line in lines)
