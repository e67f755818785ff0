"""Drawing a few images of each class."""

import numpy as np

from artbench.data.splits import draw_shots

LABELS = np.repeat([0, 1, 2], [50, 20, 3])
IDS = [f"{number}.jpg" for number in range(73)]


def drawn(shots: int, draw: int = 0, seed: int = 0) -> list[int]:
    return list(draw_shots(LABELS, IDS, shots=shots, draw=draw, seed=seed).tolist())


def test_each_class_gives_as_many_as_asked_or_all_it_has() -> None:
    assert np.bincount(LABELS[drawn(2)]).tolist() == [2, 2, 2]
    assert np.bincount(LABELS[drawn(8)]).tolist() == [8, 8, 3]


def test_draws_and_seeds_differ_and_each_comes_again() -> None:
    assert drawn(4) == drawn(4)
    assert len({tuple(drawn(4, draw, seed)) for draw in range(5) for seed in range(2)}) == 10


def test_more_shots_add_to_fewer() -> None:
    assert set(drawn(1)) < set(drawn(2)) < set(drawn(16))


def test_the_order_of_the_list_does_not_matter() -> None:
    order = np.random.default_rng(0).permutation(73)
    again = draw_shots(LABELS[order], [IDS[k] for k in order], shots=4, draw=1, seed=0)
    assert sorted(order[again].tolist()) == drawn(4, 1)


def test_an_image_listed_twice_in_a_class_counts_once() -> None:
    assert draw_shots(np.zeros(3, np.int64), ["a", "a", "b"], shots=2, draw=0, seed=0).tolist() == [0, 2]
