"""Tables of what other people's training code does to a backbone's weights: wrappers, prefixes, spellings, origins."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Channels = tuple[float, float, float]

# Keys under which training scripts store a state dict, preferred ones first: timm and DINO evaluate an average of
# the weights over training. The last three are VISSL's.
WRAPPERS = (
    "state_dict_ema",
    "model_ema",
    "teacher",
    "state_dict",
    "model",
    "model_state_dict",
    "student",
    "classy_state_dict",
    "base_model",
    "trunk",
)

# Prefixes of a backbone's names, preferred ones first: from DistributedDataParallel, torch.compile, FSDP, MoCo v1 and
# v2, MoCo v3, DINO and solo-learn and lightly, BYOL, common wrapper modules, CLIP, VISSL.
PREFIXES = (
    "module.",
    "_orig_mod.",
    "_fsdp_wrapped_module.",
    "encoder_q.",
    "base_encoder.",
    "teacher.",
    "online_network.",
    "online_encoder.",
    "backbone.",
    "encoder.",
    "model.",
    "net.",
    "student.",
    "momentum_encoder.",
    "visual.",
    "trunk.",
    "base_model.",
    "_feature_blocks.",
)

# What torch.compile, FSDP (of torch and of fairscale) and activation checkpointing put anywhere into names.
INSERTED = ("_orig_mod.", "_fsdp_wrapped_module.", "_fpw_module.", "_checkpoint_wrapped_module.")

# FSDP's tensors that hold many weights in one.
FLAT = re.compile(r"(^|\.)_?flat_param(_\d+)?$")

MAX_WRAPPERS = 4
MAX_PREFIXES = 4

# First parts of names under which networks keep their classifier, beside a norm or a hidden layer that stays.
HEADS = frozenset({"head", "heads", "classifier"})

# Last parts of names of buffers that a network computes by itself, and that older code stored.
COMPUTED = frozenset(
    {"num_batches_tracked", "relative_position_index", "relative_coords_table", "attn_mask", "freqs_cos", "freqs_sin"}
)

# Tensors beside the blocks that change what the blocks see.
OF_THE_INPUT = re.compile(r"(reg_token|register_tokens|storage_tokens|dist_token|norm_pre\..+|ln_pre\..+)")

# Last parts of the names of learnt positions, one for each patch.
POSITIONS = frozenset({"pos_embed", "pos_embedding", "positional_embedding", "position_embeddings"})


@dataclass(frozen=True, kw_only=True)
class Spelling:
    """Other names of the same weights of one architecture.

    Attributes:
        name: What the names are, for records and messages.
        mark: A name that only this spelling has.
        renames: Patterns and what replaces them, one after the other, in names without wrappers and prefixes.
        untold: What the names do not tell and has to be known, in words for a message; empty if nothing.
    """

    name: str
    mark: re.Pattern[str]
    renames: tuple[tuple[str, str], ...]
    untold: str = ""

    def rename(self, name: str) -> str:
        """The name as the backbone spells it."""
        for pattern, replacement in self.renames:
            name = re.sub(pattern, replacement, name)
        return name


SPELLINGS = (
    # `nn.Sequential(*list(resnet.children())[:-1])`, in lightly's examples and in many scripts after them.
    Spelling(
        name="a ResNet as a sequence",
        mark=re.compile(r"4\.0\.conv1\.weight"),
        renames=(
            (r"^0\.", "conv1."),
            (r"^1\.", "bn1."),
            (r"^4\.", "layer1."),
            (r"^5\.", "layer2."),
            (r"^6\.", "layer3."),
            (r"^7\.", "layer4."),
        ),
    ),
    # OpenAI's CLIP and open_clip (Radford et al. 2021), as timm spells vision transformers.
    Spelling(
        name="CLIP's names",
        mark=re.compile(r"class_embedding"),
        renames=(
            (r"^class_embedding$", "cls_token"),
            (r"^positional_embedding$", "pos_embed"),
            (r"^proj$", "head.weight"),
            (r"^conv1\.", "patch_embed.proj."),
            (r"^ln_pre\.", "norm_pre."),
            (r"^ln_post\.", "norm."),
            (r"^transformer\.resblocks\.", "blocks."),
            (r"\.ln_([12])\.", r".norm\1."),
            (r"\.ls_([12])\.", r".ls\1."),
            (r"\.attn\.in_proj_", ".attn.qkv."),
            (r"\.attn\.out_proj\.", ".attn.proj."),
            (r"\.mlp\.c_fc\.", ".mlp.fc1."),
            (r"\.mlp\.c_proj\.", ".mlp.fc2."),
        ),
        untold="whether it was trained with GELU or with QuickGELU, as OpenAI's own weights were",
    ),
)

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a layout tells about the code that trained the weights.

    Attributes:
        name: Name of the code.
        mark: Found in one of the names with their wrappers: `teacher/module.backbone.cls_token`.
        normalisation: Mean and standard deviation of each channel, of RGB in [0, 1], in its published settings.
        heads: Attention heads of its vision transformers, by width, where others of that width have other numbers.
    """

    name: str
    mark: re.Pattern[str]
    normalisation: tuple[Channels, Channels]
    heads: Mapping[int, int] = field(default_factory=dict)


# `main_moco.py` of MoCo and of MoCo v3, whose `vits.py` gives ViT-S 12 heads; `main_dino.py`; `main_pretrain.py` of
# MAE; VISSL's configurations; `clip.py` of OpenAI.
ORIGINS = (
    Origin(
        name="MoCo v3",
        mark=re.compile(r"(^|[./])(base_encoder|momentum_encoder)\."),
        normalisation=_IMAGENET,
        heads={384: 12},
    ),
    Origin(name="MoCo", mark=re.compile(r"(^|[./])encoder_q\."), normalisation=_IMAGENET),
    Origin(
        name="DINO", mark=re.compile(r"(^|[./])(teacher|student)[./](module\.)?backbone\."), normalisation=_IMAGENET
    ),
    Origin(name="MAE", mark=re.compile(r"(^|[./])decoder_embed\."), normalisation=_IMAGENET),
    Origin(
        name="VISSL", mark=re.compile(r"(^|[./])(_feature_blocks\.|base_model/model/trunk/)"), normalisation=_IMAGENET
    ),
    Origin(name="CLIP", mark=re.compile(r"(^|[./])class_embedding$"), normalisation=_CLIP),
)
