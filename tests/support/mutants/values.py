"""Numbers that cannot be, or that the predictions do not give."""

import math

from tests.support.mutants.submission import Submission, at, harmful, numbers, put


@harmful
def a_number_that_is_none(it: Submission) -> None:
    path = it.random.choice(numbers(it, "metrics", "neighbours", "timing", "dataset"))
    put(it, path, it.random.choice([math.nan, math.inf, -math.inf]))


@harmful
def a_number_below_nothing(it: Submission) -> None:
    path = it.random.choice(numbers(it, "metrics", "neighbours", "references", "dataset", "timing", "encoder"))
    put(it, path, -1)


@harmful
def a_fraction_above_one(it: Submission) -> None:
    put(it, it.random.choice([p for p in numbers(it, "metrics", "references") if p[-1] == "value"]), 1.01)


@harmful
def a_better_value(it: Submission) -> None:
    path = it.random.choice([p for p in numbers(it, "metrics") if p[-1] == "value" and p[1] != "top5_accuracy"])
    value = at(it.content, path)
    put(it, path, value + (1 - value) * it.random.uniform(0.01, 1) if value < 0.99 else value - 0.02)


@harmful
def a_better_value_with_its_interval(it: Submission) -> None:
    content = it.content
    name = it.random.choice([name for name in content["metrics"] if name != "top5_accuracy"])
    metric, by = content["metrics"][name], it.random.uniform(0.001, 0.01)
    by = by if max(metric["value"], *metric["ci95"]) + by <= 1 else -by
    content["metrics"][name] = {"value": metric["value"] + by, "ci95": [end + by for end in metric["ci95"]]}
    it.write(content)


@harmful
def a_narrower_interval(it: Submission) -> None:
    content = it.content
    wide = [m for n, m in content["metrics"].items() if m["ci95"][1] - m["ci95"][0] > 0.02 and n != "top5_accuracy"]
    metric = it.random.choice(wide)
    metric["ci95"] = [(2 * metric["value"] + end) / 3 for end in metric["ci95"]]
    it.write(content)


@harmful
def an_interval_that_misses_the_value(it: Submission) -> None:
    content = it.content
    metrics = it.random.choice([content["metrics"], content["neighbours"]["metrics"]])
    metric = metrics[content["primary_metric"]]
    metric["ci95"] = [0.0, metric["value"] / 4]
    it.write(content)


@harmful
def an_interval_upside_down(it: Submission) -> None:
    content = it.content
    metric = it.random.choice([m for m in content["metrics"].values() if m["ci95"][0] < m["ci95"][1]])
    metric["ci95"].reverse()
    it.write(content)


@harmful
def a_guess_that_scores_otherwise(it: Submission) -> None:
    content = it.content
    metric = it.random.choice(list(content["references"][0]["metrics"].values()))
    metric["value"] = (metric["value"] + 0.5) / 2
    it.write(content)


@harmful
def other_numbers_of_images(it: Submission) -> None:
    path = ("dataset", it.random.choice(["train", "test", "classes", "missing", "unreadable"]))
    put(it, path, at(it.content, path) + it.random.randint(1, 50))


@harmful
def a_partial_copy_that_is_whole(it: Submission) -> None:
    put(it, ("dataset", "partial"), True)
