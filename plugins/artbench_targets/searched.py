"""The metrics of tasks that compare pictures with each other: what ranks where, and what is near."""

from typing import Any

from artbench.specs import MetricSpec, Statistic

RANKINGS = (
    "retrieval_map",
    "retrieval_map_at_r",
    "recall_at_1",
    "recall_at_5",
    "recall_at_10",
    "global_average_precision",
    "global_average_precision_without_distractors",
)


NEIGHBOURS = ("robustness_index", "class_neighbours", "museum_neighbours")


def of_neighbours() -> list[MetricSpec]:
    """Return the metrics of `museum-bias`, in the order of tables."""

    def metric(name: str, statistic: Statistic, description: str, **rest: Any) -> MetricSpec:
        measure = f"artbench_targets.museum_bias:{name}"
        return MetricSpec(
            name=name, description=description, target="museum-bias", measure=measure, statistic=statistic, **rest
        )

    return [
        metric(
            "robustness_index",
            "jackknife",
            "Neighbours of the same class from another museum, over these and those of another class from the same "
            "museum.",
            short="robustness",
            reference="Kömen et al. 2025 (PathoROB)",
        ),
        metric(
            "class_neighbours",
            "mean",
            "Mean over pictures of the share of neighbours of the same class.",
            short="same class",
            reference="Kömen et al. 2025, whose code calls their numbers SS and SO",
        ),
        metric(
            "museum_neighbours",
            "mean",
            "Mean over pictures of the share of neighbours from the same museum.",
            short="same museum",
            reference="Kömen et al. 2025, whose code calls their numbers SS and OS",
            higher_is_better=False,
            ranks=False,
        ),
    ]


def of_rankings() -> list[MetricSpec]:
    """Return the metrics of `retrieval`, likewise."""

    def metric(name: str, statistic: Statistic, description: str, **rest: Any) -> MetricSpec:
        measure = f"artbench_targets.retrieval:{name}"
        return MetricSpec(
            name=name, description=description, target="retrieval", measure=measure, statistic=statistic, **rest
        )

    recall = "Share of queries, without distractors, that belong with one of their first {} pictures or more."
    return [
        metric(
            "retrieval_map",
            "mean",
            "Mean over queries of the average precision of the whole ranking.",
            short="mAP",
            reference="As scikit-learn's average_precision_score of each query",
        ),
        metric(
            "retrieval_map_at_r",
            "mean",
            "Mean over queries of the precisions at hits up to the place R, over R, the number of pictures that belong "
            "with the query.",
            short="mAP@R",
            reference="Musgrave, Belongie and Lim 2020",
        ),
        *(
            metric(
                f"recall_at_{k}",
                "mean",
                recall.format(k),
                short=f"recall@{k}",
                reference="Oh Song et al. 2016; a rate of hits, as the code of Somepalli et al. 2024 has it too",
            )
            for k in (1, 5, 10)
        ),
        metric(
            "global_average_precision",
            "jackknife",
            "Average precision of the first pictures of all queries, ranked together by their similarity, over the "
            "number of queries that are no distractors.",
            short="GAP",
            reference="Weyand et al. 2020 (Google Landmarks); Ypsilantis et al. 2021 (The Met)",
        ),
        metric(
            "global_average_precision_without_distractors",
            "jackknife",
            "As global_average_precision, of the queries that are no distractors alone.",
            short="GAP⁻",
            reference="Ypsilantis et al. 2021",
        ),
        metric(
            "class_mean_retrieval_map",
            "jackknife",
            "Mean over what queries show, such as painters, of the mean over their queries of the average precision.",
            short="class mean mAP",
            reference="As scikit-learn's average_precision_score, averaged as its balanced_accuracy_score is",
        ),
        *(
            metric(
                f"csd_map_at_{k}",
                "mean",
                f"Mean over queries and over the places 1 to {k} of the precision at that place, whether it is a hit "
                "or not: no average precision.",
                short=f"CSD's mAP@{k}",
                reference="Somepalli et al. 2024, whose code calls it mAP",
            )
            for k in (10, 100)
        ),
    ]
