"""What the table of a map holds."""

import csv
import io

import numpy as np
import pytest

from artbench.explain.cosine import unit_vectors
from artbench.explain.map.colouring import uncoloured
from artbench.explain.map.contents import MapContents, Subject, known
from artbench.explain.map.faithfulness import faithfulness
from artbench.explain.map.layout import lay_out
from artbench.runtime.progress import Silent
from tests.support.records import record


@pytest.mark.parametrize("name", ["=1+1", "＝1+1", " @SUM(A1)"])
def test_no_image_and_no_class_is_a_formula(name: str) -> None:
    labels = np.arange(12, dtype=np.int64) % 2
    points = unit_vectors(np.random.default_rng(0).standard_normal((12, 4)).astype(np.float32))
    layout = lay_out(points, method="pca", seed=0)
    contents = MapContents(
        subject=Subject.of(record()),
        images=[f"{name} {number}" for number in range(12)],
        layout=layout,
        colouring=uncoloured(12),
        known=known(labels, labels, confidence=np.full(12, 0.5, np.float32), classes=("plain", name)),
        faithfulness=faithfulness(points, layout.places, labels=labels, reporter=Silent()),
        seed=0,
        on_page=np.arange(12),
    )
    rows = list(csv.DictReader(io.StringIO(contents.as_csv())))
    assert [row["image"] for row in rows] == [f"'{name} {number}" for number in range(12)]
    assert {row["true"] for row in rows} == {"plain", f"'{name}"}
    assert {row["predicted"] for row in rows} == {"plain 50.0 %", f"'{name} 50.0 %"}
