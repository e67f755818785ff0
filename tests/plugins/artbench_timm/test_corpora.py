"""What timm's weights were trained on, as their tags say it."""

from collections import Counter
from pathlib import Path

import pytest
import timm
from timm.data import ImageNetInfo

from artbench_timm.corpora import CORPORA, MODELS, corpus_of

# The clean weights of timm 1.0.31, whose names were read through one by one: `tag: model model …`.
READ = {
    f"{model}.{tag}"
    for line in (Path(__file__).parent / "clean.txt").read_text(encoding="utf-8").splitlines()
    for tag, _, models in [line.partition(": ")]
    for model in models.split()
}
INSTALLED = {name: corpus_of(*name.split(".", 1)) for name in timm.list_pretrained() if "." in name}


@pytest.mark.parametrize(
    ("name", "corpus"),
    [
        ("resnet50.a1_in1k", "ImageNet-1k"),
        ("vit_base_patch16_224.mae", "ImageNet-1k"),
        ("deit_tiny_distilled_patch16_224.fb_in1k", "ImageNet-1k"),
        ("xcit_nano_12_p8_224.fb_dist_in1k", "ImageNet-1k"),
        ("vit_base_patch16_224.augreg2_in21k_ft_in1k", "ImageNet-21k + ImageNet-1k"),
        ("vit_base_patch14_dinov2.lvd142m", "LVD-142M"),
        ("vit_base_patch16_clip_224.openai", "WIT-400M"),
        ("vit_base_patch16_clip_224.laion2b_ft_in12k_in1k", "LAION-2B + ImageNet-12k + ImageNet-1k"),
        ("vit_base_patch16_siglip_224.webli", "WebLI"),
        ("tf_efficientnet_b0.ns_jft_in1k", "JFT-300M + ImageNet-1k"),
        # What the tag does not say: a tokeniser or a teacher that saw captions of the web, or other labels.
        ("beitv2_base_patch16_224.in1k_ft_in1k", "WIT-400M + ImageNet-1k"),
        ("hrnet_w18_ssld.paddle_in1k", "a teacher's images + ImageNet-1k"),
        ("resnetv2_50x1_bit.goog_distilled_in1k", "a teacher's images + ImageNet-1k"),
        ("ghostnetv3_100.in1k", "WIT-400M + ImageNet-1k"),
        ("eva_large_patch14_196.in22k_ft_in1k", "WIT-400M + Merged-30M + LAION-400M + ImageNet-21k + ImageNet-1k"),
        ("vit_tiny_patch16_dinov3_qkvb.eupe_lvd1689m", "a teacher's images + LVD-1689M"),
        # The model's name says that there was a teacher, the tag does not; nothing says which.
        ("efficientvim_m1_dist.in1k", "a teacher's images + ImageNet-1k"),
        ("iformer_l_distilled.in1k", "a teacher's images + ImageNet-1k"),
        ("pit_b_distilled_224.in1k", "a teacher's images + ImageNet-1k"),
        ("cait_s24_224.fb_dist_in1k", "ImageNet-1k"),
        # Files that began with other images, under a tag that names one set.
        ("dpn92.mx_in1k", "ImageNet-5k + ImageNet-1k"),
        ("dpn98.mx_in1k", "ImageNet-1k"),
        ("nextvit_small.bd_ssld_6m_in1k", "a teacher's images + ImageNet-1k + not stated"),
        ("efficientnet_b1.ft_in1k", "ImageNet-1k + not stated"),
        # Another side is not another set.
        ("convnext_large_mlp.clip_laion2b_ft_soup_320", "LAION-2B"),
    ],
)
def test_a_tag_says_what_the_weights_were_trained_on(name: str, corpus: str) -> None:
    model, _, tag = name.partition(".")
    assert corpus_of(model, tag).name == corpus


def test_only_weights_that_were_read_through_are_clean() -> None:
    """With a newer timm, look up what its new weights saw; then list them in clean.txt, or mend the table."""
    clean = {name for name, corpus in INSTALLED.items() if corpus.seen("wikiart").state == "clean"}
    assert clean - READ == set()
    assert (READ & INSTALLED.keys()) - clean == set()
    assert {INSTALLED[name].name for name in clean} <= {"ImageNet-1k", "SAT-493M"}


@pytest.mark.skipif(timm.__version__ != "1.0.31", reason="the page counts timm 1.0.31")
def test_the_page_counts_the_states_of_all_tags() -> None:
    page = " ".join((Path(__file__).parents[3] / "docs" / "corpora.md").read_text(encoding="utf-8").split())
    paintings, museums = (
        Counter(corpus.seen(dataset).state for corpus in INSTALLED.values()) for dataset in ("wikiart", "imet-2020")
    )
    assert (
        f"Of the {len(INSTALLED):,} published weights of timm 1.0.31, {paintings['clean']:,} are clean and "
        f"{paintings['unknown']:,} unknown for paintings, {museums['clean']:,} clean and {museums['unknown']:,} unknown"
    ) in page


def test_imagenet_1k_is_not_clean_for_museums_that_hold_objects() -> None:
    corpus = corpus_of("resnet50", "a1_in1k")
    for painted in ("wikiart", "wikiart-huggan", "artbench10"):
        assert corpus.seen(painted).state == "clean"
    for other in ("imet-2019", "imet-2020", "rijksmuseum-2014", "collection:my-museum"):
        assert corpus.seen(other).state == "unknown"


@pytest.mark.parametrize(
    "tag", ["", "new_recipe", "new_in1k", "new_ft_in1k", "new_dist_in1k", "mae_ig3b", "dino_new", "in1k_new", "ft_in1k"]
)
def test_a_tag_that_is_not_understood_is_unknown(tag: str) -> None:
    assert corpus_of("resnet50", tag).seen("wikiart").state == "unknown"


def test_no_corpus_is_contaminated_and_none_holds_what_code_drew() -> None:
    for corpus in (*CORPORA.values(), *MODELS.values()):
        assert corpus.seen("wikiart").state != "contaminated"
        assert corpus.seen("sample").state == "clean"


def test_the_categories_are_as_the_evidence_says() -> None:
    def described(subset: str) -> str:
        return " ".join(ImageNetInfo(subset).label_descriptions(detailed=True)).lower()

    assert "a painting" not in described("imagenet-1k")
    assert "vase" in described("imagenet-1k")
    for subset, words in (("imagenet-12k", "nude"), ("imagenet-21k-goog", "cityscape")):
        assert words in described(subset)
        assert "painting" in described(subset)
