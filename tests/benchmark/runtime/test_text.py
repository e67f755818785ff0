"""Text that is safe wherever it is shown."""

import pytest

from artbench.encoders.checkpoint_path import checkpoint_name
from artbench.runtime.names import problem_of
from artbench.runtime.text import as_name, is_name, printable, spreadsheet_text


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", " =1", "\u00a0+1", "\u2003=1", "\n=1", "＝1", "－1", "\t=1", "-1"]
)
def test_formulas_are_no_formulas(text: str) -> None:
    assert spreadsheet_text(text) == f"'{text}"


def test_ordinary_cells_stay_as_they_are() -> None:
    for text in ("monet/1.jpg", "", "a=b", "Œuvre"):
        assert spreadsheet_text(text) == text


def test_names_of_files_become_names_that_a_record_can_have() -> None:
    from pathlib import Path

    for file in ("run\u3164.pth", "a\u00a0b.pth", "x" * 250, "\u202egpj.pth", "نقاشی\u200cها.pth"):
        name = checkpoint_name(Path("/somewhere") / file)
        assert is_name(name), ascii(name)
    for file, kept in (("model@2x.pth", "model_2x.pth"), (" two  blanks.pt", "two blanks.pt"), ("№5.pt", "No5.pt")):
        name = checkpoint_name(Path("/somewhere") / file)
        assert (name, problem_of(name)) == (kept, "")
    assert as_name("نقاشی\u200cها") == "نقاشی\u200cها"
    assert as_name("a\u200cb\u00a0c") == "a?b c"


def test_joiners_are_shown_where_they_belong() -> None:
    assert printable("نقاشی\u200cها") == "نقاشی\u200cها"
    assert printable("pay\u200cpal\x1b") == "pay?pal?"
