"""What timm's weights were trained on, as their tags say it."""

import pytest
import timm
from timm.data import ImageNetInfo
from timm.models import get_arch_pretrained_cfgs

from artbench_timm.corpora import CORPORA, MODELS, corpus_of


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
    ],
)
def test_a_tag_says_what_the_weights_were_trained_on(name: str, corpus: str) -> None:
    model, _, tag = name.partition(".")
    assert corpus_of(model, tag).name == corpus


def test_paintings_are_clean_only_for_imagenet_1k_and_satellites() -> None:
    clean = {
        corpus.name
        for model in timm.list_models()
        for config in get_arch_pretrained_cfgs(model).values()
        if config.has_weights
        for corpus in [corpus_of(model, config.tag or "")]
        if corpus.seen("wikiart").state == "clean"
    }
    assert clean == {"ImageNet-1k", "SAT-493M"}


def test_imagenet_1k_is_not_clean_for_museums_that_hold_objects() -> None:
    corpus = corpus_of("resnet50", "a1_in1k")
    for painted in ("wikiart", "wikiart-huggan", "artbench10"):
        assert corpus.seen(painted).state == "clean"
    for other in ("imet-2019", "imet-2020", "rijksmuseum-2014", "collection:my-museum"):
        assert corpus.seen(other).state == "unknown"


@pytest.mark.parametrize("tag", ["", "new_recipe", "new_ft_in1k", "new_dist_in1k"])
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
