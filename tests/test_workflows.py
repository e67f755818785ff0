"""The workflows on pull requests: what is trusted decides, nothing moves under us, and pages follow from records."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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
    # YAML takes `on` for true.
    assert set(content[True]) == {"pull_request_target"}
    assert "secrets" not in (ROOT / ".github" / "workflows" / "leaderboard.yml").read_text().replace("no secret", "")
    steps = content["jobs"]["records"]["steps"]
    submitted = [step["with"]["path"] for step in steps if "head.sha" in str(step.get("with", {}).get("ref", ""))]
    assert submitted == ["submitted"]
    for step in steps:
        assert not re.search(r"(pip install|python|bash|sh|source) +(\./)?submitted", step.get("run", ""))


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
    (submitted / "::notice::x").write_text("")
    done = compare(built, submitted)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert all(line.startswith(("FAIL", "Build")) for line in lines)
