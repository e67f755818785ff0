import pytest

from artbench_timm.tags import imagenet_weights, is_supervised_imagenet, published_weights


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("resnet50", "a1_in1k"),
        ("resnet50.tv_in1k", "tv_in1k"),
        # ImageNet-1k alone goes before ImageNet-21k, though timm's default is the latter.
        ("vit_base_patch16_224", "augreg_in1k"),
        ("vit_tiny_patch16_224", "augreg_in21k_ft_in1k"),
        ("tiny_vit_21m_224", "in1k"),
        ("convnext_tiny.fb_in22k", "fb_in22k"),
    ],
)
def test_imagenet_means_labelled_imagenet_images(name: str, tag: str) -> None:
    config = imagenet_weights(name)
    assert config is not None
    assert config.tag == tag


@pytest.mark.parametrize(
    "name",
    [
        "resnet50.fb_swsl_ig1b_ft_in1k",
        "vit_small_patch14_dinov2",
        "vit_base_patch16_clip_224.openai_ft_in1k",
        "vit_base_patch16_224.mae",
        "convnextv2_atto",
        "tf_efficientnet_b0.ns_jft_in1k",
        "beit_base_patch16_224",
        "eva_large_patch14_196",
        "tiny_vit_5m_224.dist_in22k_ft_in1k",
        "regnety_160.swag_ft_in1k",
        "hrnet_w18_ssld",
    ],
)
def test_other_images_and_training_without_labels_are_not_imagenet(name: str) -> None:
    assert imagenet_weights(name) is None
    assert published_weights(name) is not None


def test_a_model_without_weights_has_none() -> None:
    assert published_weights("resnet14t") is not None
    assert published_weights("vit_giant_patch14_224") is None


def test_a_word_within_another_is_not_that_word() -> None:
    # `sam` is a way of optimising here, `ns` in `c2ns` a scheme, `nav` a company.
    assert is_supervised_imagenet("vit_base_patch16_224", "sam_in1k")
    assert is_supervised_imagenet("darknet53", "c2ns_in1k")
    assert not is_supervised_imagenet("resnet50", "")
