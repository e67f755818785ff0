from artbench.runtime.findings import failed


def test_a_finding_that_asks_ends_with_its_question_mark() -> None:
    found = failed("loading", "there is no hook 'register_hook'. Did you mean 'register_backbones'?", mend="Mend it")
    assert str(found).endswith("Did you mean 'register_backbones'? Mend it.")
    assert str(failed("rows", "they are a mask", mend="Is it one?")) == "rows: they are a mask. Is it one?"
