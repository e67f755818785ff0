"""The page of corpora says what the tables of the plugins say."""

from pathlib import Path

from artbench.plugins.loading import load_plugins
from artbench_timm.corpora import CORPORA, MODELS, NOT_STATED, TEACHER
from artbench_torchvision.corpora import CORPORA as TORCHVISION

PAGE = (Path(__file__).parents[2] / "docs" / "corpora.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.partition("\n## Published corpora\n")[2].partition("\n## ")[0].splitlines()
    if line.startswith("|")
][2:]
# Of the columns of states, and those without one: all corpora are unknown for them.
_DATASETS = (("wikiart", "wikiart-huggan", "wikiart-csd", "artbench10"), ("imet-2019", "imet-2020", "rijksmuseum-2014"))
_UNSEEN = (
    "kaokore-1.0",
    "kaokore-1.3",
    "mame",
    "iconart-v1",
    "artdl",
    "semart",
    "iconclass",
    "met",
    "met-mini",
    "eufcc",
)


def test_every_corpus_is_there_with_its_states() -> None:
    every = {corpus.name: corpus for corpus in (*CORPORA.values(), *MODELS.values(), TEACHER, NOT_STATED)}
    assert {row[0] for row in ROWS} == set(every)
    for name, _, _, paintings, museums, _ in ROWS:
        states = [{every[name].seen(dataset).state for dataset in column} for column in _DATASETS]
        assert states == [{paintings}, {museums}], name


def test_every_dataset_is_spoken_of_by_the_name_that_it_has() -> None:
    known = {spec.name for _, spec in load_plugins(only="").datasets.specs()}
    assert {"sample", *_DATASETS[0], *_DATASETS[1], *_UNSEEN} == known
    for corpus in (*CORPORA.values(), *TORCHVISION.values()):
        assert corpus.datasets.keys() <= known
        assert {corpus.seen(dataset).state for dataset in _UNSEEN} == {"unknown"}
    header = PAGE.partition("\n## Published corpora\n")[2]
    assert all(f"`{name}`" in header for name in known)


def test_every_word_of_a_tag_is_beside_its_corpus() -> None:
    words = {row[0]: row[1] for row in ROWS}
    assert [word for word, corpus in CORPORA.items() if f"`{word}`" not in words[corpus.name]] == []


def test_torchvision_says_the_same_as_timm() -> None:
    plain, swag = TORCHVISION["IMAGENET1K"], TORCHVISION["IMAGENET1K_SWAG"]
    assert plain == CORPORA["in1k"]
    assert swag.name == f"{CORPORA['swag'].name} + {plain.name}"
    assert swag.seen("wikiart").evidence == CORPORA["swag"].seen("wikiart").evidence


def test_every_source_that_is_cited_is_listed() -> None:
    listed = {line.partition(".")[0] for line in PAGE.partition("\n## Sources\n")[2].splitlines() if line[:1].isdigit()}
    cited = {number.strip("[]") for row in ROWS for number in row[-1].split(", ") if number}
    assert cited <= listed
    # A corpus that has a name has a source.
    assert [row[0] for row in ROWS if not row[-1]] == [TEACHER.name, NOT_STATED.name]
