import numpy as np
import pytest

from artbench.records.predictions import TestPredictions


@pytest.fixture
def predictions() -> TestPredictions:
    return TestPredictions(
        images=["a.jpg", "b.jpg"], labels=np.array([1, 0]), outputs=np.array([[0.25, 0.75], [0.4, 0.6]], np.float32)
    )
