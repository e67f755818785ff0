"""What may differ from record to record."""

import json

from tests.support.mutants.submission import Submission, harmless, numbers, put


@harmless
def another_machine(it: Submission) -> None:
    put(it, ("provenance", "hardware"), it.random.choice(["a GPU", "Prozessor „schnell“, 8 Kerne", "x" * 300]))


@harmless
def other_times(it: Submission) -> None:
    path = it.random.choice([path for path in numbers(it, "timing") if not path[-1].endswith("_bytes")])
    put(it, path, it.random.uniform(0, 1e6))


@harmless
def less_memory(it: Submission) -> None:
    # Not every system tells it.
    for path in [path for path in numbers(it, "timing") if path[-1] == "memory_bytes"]:
        put(it, path, 1_000_000)


@harmless
def other_versions(it: Submission) -> None:
    name = it.random.choice(["artbench", "torch", "timm", "python"])
    put(it, ("provenance", name), it.random.choice(["2.8.0", "1.0.0rc1", "3.13.0+local"]))


@harmless
def an_earlier_day(it: Submission) -> None:
    put(it, ("provenance", "created"), it.random.choice(["2026-11-24T00:00:00Z", "2026-11-25T23:00:00+05:30"]))


@harmless
def a_field_with_a_default_missing(it: Submission) -> None:
    content = it.content
    for name in it.random.sample(["clusters", "rounds", "few_shot"], 2):
        del content[name]
    it.write(content)


@harmless
def a_plugin_nobody_has(it: Submission) -> None:
    put(it, ("provenance", "plugins", "artbench-nobodys"), "1.0")


@harmless
def other_neighbours_within_their_interval(it: Submission) -> None:
    content = it.content
    metric = it.random.choice(["macro_f1", "mean_average_precision"])
    if metric in content["neighbours"]["metrics"]:
        it_is = content["neighbours"]["metrics"][metric]
        it_is["value"] = it.random.uniform(*it_is["ci95"])
    it.write(content)


@harmless
def written_otherwise(it: Submission) -> None:
    it.file.write_text(json.dumps(it.content, indent=it.random.choice([None, 4]), sort_keys=True))
