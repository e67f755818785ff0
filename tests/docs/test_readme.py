"""What the README promises to whoever reads nothing else."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_every_extra_is_named_with_what_it_adds() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    told = README.partition("- **Extras**")[2].partition("\n\n")[0]
    assert [name for name in extras if f"`{name}`" not in told] == []
    assert 'pip install ".[offline,map]"` in the clone' in told


def test_what_people_ask_first_is_answered() -> None:
    for question in ("Is anything uploaded?", "How to cite:", "A leaderboard on your own website:"):
        assert f"**{question}**" in README


def test_pictures_without_labels_take_three_commands_to_a_page() -> None:
    way = README.partition("## You have pictures")[2].partition("\n## ")[0]
    commands = [line.strip() for line in way.splitlines() if line.startswith("    ")]
    assert [command.split()[0] for command in commands] == ["pip", "artbench", "artbench"]
    assert commands[-1].startswith("artbench explore collection:")


def test_long_lines_of_code_are_not_cut_on_the_site() -> None:
    assert "assets/code.css" in (ROOT / "mkdocs.yml").read_text()
    assert "white-space: pre-wrap" in (ROOT / "docs/assets/code.css").read_text()
