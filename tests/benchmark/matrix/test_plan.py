"""A plan cuts a matrix into units, and knows which of them are on record."""

import json
import os
import tracemalloc
from pathlib import Path

import pytest

from artbench.api.run import run_request
from artbench.errors import ArtbenchError, UsageError
from artbench.matrix.estimate import Estimate
from artbench.matrix.jobs import jobs_of
from artbench.matrix.options import MatrixOptions, matrix_options
from artbench.matrix.plan import Plan, make_plan, read_plan
from artbench.matrix.state import MatrixState
from artbench.matrix.units import Unit, units_of
from artbench.plugins.loading import load_plugins
from tests.support.plugins import SMALL
from tests.support.reporters import RecordingReporter
from tests.support.run_tasks import paint


def options(tmp_path: Path, **given: object) -> MatrixOptions:
    content: dict[str, object] = {"backbone": "small-colour", "pretraining": "random", "task": "sample-style"}
    return matrix_options(content | {"cwd": tmp_path, "plugin": [SMALL]} | given)


def test_variants_of_a_network_share_a_unit_and_tasks_of_a_dataset_too(tmp_path: Path) -> None:
    wanted = options(
        tmp_path,
        backbone=["resnet18@layer=3..4", "resnet18", "colour-histogram"],
        task=["sample-style", "sample-artist"],
    )
    units = units_of(wanted, load_plugins([SMALL]))
    assert [(unit.backbones, unit.tasks) for unit in units] == [
        (("resnet18@layer=3", "resnet18@layer=4", "resnet18"), ("sample-style", "sample-artist")),
        (("colour-histogram",), ("sample-style", "sample-artist")),
    ]
    again = units_of(wanted.model_copy(update={"seed": 1}), load_plugins([SMALL]))
    assert {unit.id for unit in units}.isdisjoint(unit.id for unit in again)


def test_a_method_is_a_unit_that_its_encoders_wait_for(tmp_path: Path) -> None:
    units = units_of(
        options(tmp_path, backbone=["resnet18@pool=max", "resnet18"], pretraining="moco-v2"), load_plugins([SMALL])
    )
    training, measuring = units
    assert (training.kind, training.backbones, training.after) == ("train", ("resnet18",), "")
    assert (measuring.kind, measuring.after) == ("measure", training.id)
    assert str(training) == "training of resnet18 by moco-v2"


def test_a_setting_of_a_training_makes_other_units_of_it_and_of_what_waits_for_it(tmp_path: Path) -> None:
    registry = load_plugins([SMALL])

    def ids(**given: object) -> list[str]:
        wanted = options(tmp_path, backbone="resnet18", pretraining=["moco-v2", "random"], **given)
        return [unit.id for unit in units_of(wanted, registry)]

    plain, few, many = ids(), ids(set={"epochs": 10}), ids(set={"epochs": 20})
    assert len({plain[0], few[0], many[0]}) == len({plain[1], few[1], many[1]}) == 3
    # Random weights have no settings.
    assert plain[2] == few[2] == many[2]
    assert ids(set={}) == plain
    assert ids(set={"epochs": "10"}) == few


def test_stored_tokens_are_another_measurement(tmp_path: Path) -> None:
    [plain], [stored] = (
        units_of(options(tmp_path, protocol="attentive-v1", **more), load_plugins([SMALL]))
        for more in ({}, {"store_tokens": True})
    )
    assert plain.id != stored.id


@pytest.mark.parametrize(
    ("pretraining", "given", "said"),
    [
        ("moco-v2", {"epoch": 10}, "there is no setting .epoch.. The nearest: epochs"),
        ("moco-v2", {"epochs": "few"}, "epochs"),
        ("random", {"epochs": 10}, "epochs=10 is a setting of a pretraining that trains, and this matrix has none"),
    ],
)
def test_a_setting_that_can_not_be_is_told_as_the_matrix_is_planned(
    pretraining: str, given: dict[str, object], said: str, tmp_path: Path
) -> None:
    wanted = options(tmp_path, backbone="resnet18", pretraining=pretraining, set=given)
    with pytest.raises(UsageError, match=said):
        units_of(wanted, load_plugins([SMALL]))


def test_a_checkpoint_with_another_content_is_another_unit(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(b"1")
    wanted, registry = options(tmp_path, pretraining="weights.pth"), load_plugins([SMALL])
    [before] = units_of(wanted, registry)
    assert before.pretraining == str(file)
    os.utime(file, (1, 1))
    [after] = units_of(wanted, registry)
    assert before.id != after.id


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    wanted = options(tmp_path, resources={"time": "1h", "memory": "2G"}, data={"sample": "here"}, mean=None)
    units = units_of(wanted, load_plugins([SMALL]))
    plan = Plan(options=wanted, units=units, estimates={units[0].id: Estimate(seconds=3.0, stored=None)})
    plan.write(tmp_path / "matrix")
    found = read_plan(tmp_path / "matrix")
    assert (found.options, list(found.units)) == (wanted, units)
    assert found.digest == plan.digest


@pytest.mark.parametrize(
    "content", ["", "[]", '{"plan": "../../../etc/passwd"}', '{"plan": "abc"}', '{"plan": 5}', '{"plan": "damaged"}']
)
def test_a_damaged_plan_is_said_in_one_line(tmp_path: Path, content: str) -> None:
    folder = tmp_path / "matrix"
    (folder / "plans").mkdir(parents=True)
    (folder / "plans" / "damaged.json").write_text(json.dumps({"options": {}, "units": [{}]}))
    (folder / "plan.json").write_text(content)
    with pytest.raises(ArtbenchError) as raised:
        read_plan(folder)
    assert "\n" not in str(raised.value)


def test_a_plan_that_was_edited_is_refused_and_made_anew(tmp_path: Path) -> None:
    folder, wanted = tmp_path / "matrix", options(tmp_path)
    plan = Plan(options=wanted, units=units_of(wanted, load_plugins([SMALL])))
    file = plan.write(folder)
    file.write_text(file.read_text().replace("small-colour", "other-colour"))
    with pytest.raises(ArtbenchError, match=r"can't be read \(it was changed after it was written\)"):
        read_plan(folder)
    plan.write(folder)
    assert list(read_plan(folder).units) == list(plan.units)


def _many(count: int) -> list[Unit]:
    return [
        Unit(
            id=f"{number:016x}",
            kind="measure",
            backbones=(f"net{number // 20}",),
            pretraining="random",
            dataset=f"data{number % 20}",
            tasks=(f"data{number % 20}-style",),
        )
        for number in range(count)
    ]


def test_the_state_of_ten_thousand_units_takes_a_page_of_memory_each(tmp_path: Path) -> None:
    units, state = _many(10_000), MatrixState(tmp_path)
    (tmp_path / "done").mkdir()
    for unit in units[::2]:
        (tmp_path / "done" / f"{unit.id}.json").write_text('{"seconds": 3.0}')
    tracemalloc.start()
    began = tracemalloc.get_traced_memory()[0]
    found = state.states(units)
    peak = tracemalloc.get_traced_memory()[1] - began
    tracemalloc.stop()
    assert sum(one.status == "done" for one in found.values()) == 5_000
    assert peak < 10_000 * 4096


def test_jobs_are_at_most_a_thousand(tmp_path: Path) -> None:
    units = _many(10_000)
    jobs = jobs_of(units, {unit.id: Estimate(seconds=100.0, stored=None) for unit in units}, at_least=1)
    assert 900 <= len(jobs) <= 1000
    assert sorted(unit.id for job in jobs for unit in job.units) == sorted(unit.id for unit in units)


def test_what_is_on_record_is_not_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    for number in range(24):
        paint(tmp_path / "prints" / "abc"[number % 3] / f"{number}.png", number)
        paint(tmp_path / "scans" / "xy"[number % 2] / f"{number}.png", number)
    registry, reporter = load_plugins([SMALL]), RecordingReporter()
    prints, scans = (f"collection:{tmp_path / name}" for name in ("prints", "scans"))
    wanted = options(tmp_path, task=[prints, scans])

    def planned(**changed: object) -> Plan:
        return make_plan(wanted.model_copy(update=changed), registry=registry, reporter=reporter)

    assert planned().on_record == set()
    request = wanted.request(backbones=("small-colour",), pretraining="random", tasks=(prints,))
    run_request(request, registry=registry, reporter=reporter)
    half = planned()
    assert half.on_record == {half.units[0].id}
    # Of a network that has a record, the time is known.
    assert half.estimates[half.units[1].id].seconds is not None
    # A probe that no record is of may take a thousand times as long as those that some are of.
    assert {one.seconds for one in planned(protocol="attentive-v1").estimates.values()} == {None}
    assert planned(seed=1).on_record == set()
    paint(tmp_path / "prints" / "a" / "new.png", 99)
    assert planned().on_record == set()
