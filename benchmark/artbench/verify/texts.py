"""What texts tell, as a probe on vectors of length 1, so that predictions are compared as those of a probe are."""

import numpy as np

from artbench.data.opening import OpenTask
from artbench.encoders.encoder import Encoder
from artbench.errors import ArtbenchError
from artbench.evaluation.texts import head_of
from artbench.records.probe import StoredProbe
from artbench.records.record import Record


def texts_as_probe(record: Record, task: OpenTask, encoder: Encoder) -> StoredProbe:
    """Read what the task here says of its classes with an encoder.

    Raises:
        ArtbenchError: The record was made with other prompts than the task has here.
    """
    prompts = task.spec.prompts
    if record.prompts is None or prompts is None or prompts.sha256 != record.prompts.sha256:
        raise ArtbenchError(f"the prompts of {record.task} are others here", mend="Run it again with those of here")
    head = head_of(task, encoder).astype(np.float32)
    return StoredProbe(weight=head, bias=np.zeros(head.shape[1], np.float32))
