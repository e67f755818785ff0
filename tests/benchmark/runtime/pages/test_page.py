"""What stands on a page stays what it is."""

import json

from artbench.runtime.pages.page import embedded


def test_data_can_not_end_the_element_it_stands_in() -> None:
    names = {"name": "</script><!-- &amp; \u2028 é"}
    text = str(embedded(names))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == names
