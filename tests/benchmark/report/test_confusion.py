"""Figures of confusion matrices say what their axes are, and how often."""

from artbench.report.confusion import confusion_figure


def test_the_axes_have_names_and_the_cells_numbers() -> None:
    cells = [0, 0, 3, 0, 1, 1, 1, 1, 8]
    figure = confusion_figure(cells, ["etching", "fresco", "absent"], support=[4, 8, 0], title="T", caption=["C."])
    (axes,) = [one for one in figure.axes if one.images]
    said = [text.get_text() for text in axes.texts]
    assert said == ["75", "25", "100", "what it is", "taken for, % of the row"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["etching", "fresco"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["etching", "fresco"]
