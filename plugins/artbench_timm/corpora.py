"""What timm's published weights were trained on: each word of a tag, and some models, stand for a corpus.

docs/corpora.md says where each statement comes from.
"""

import re
from collections.abc import Iterator, Mapping

from artbench.encoders import Corpus
from artbench.encoders.corpus import joined_corpora
from artbench.records.encoder_state import Knowledge

_PAINTINGS = ("wikiart", "wikiart-huggan", "wikiart-csd", "artbench10")
_MUSEUMS = ("imet-2019", "imet-2020", "rijksmuseum-2014")
_NO_PAINTINGS: tuple[Knowledge, str] = (
    "clean",
    "Flickr and web search for 1,000 categories, no paintings among them (Russakovsky et al. 2015)",
)
_EARTH: tuple[Knowledge, str] = ("clean", "satellite images of the Earth (Siméoni et al. 2025)")
_DRAWN: dict[str, tuple[Knowledge, str]] = {
    "sample": ("clean", "its images are drawn by code, and were first published with artbench 0.1")
}


def _web(name: str, what: str) -> Corpus:
    return Corpus(name=name, state="unknown", evidence=what, datasets=_DRAWN)


IMAGENET_1K = Corpus(
    name="ImageNet-1k",
    state="unknown",
    evidence="Flickr and web search for 1,000 categories, some of them objects that museums hold "
    "(Russakovsky et al. 2015)",
    datasets=dict.fromkeys(_PAINTINGS, _NO_PAINTINGS) | _DRAWN,
)
IMAGENET_12K = _web("ImageNet-12k", "web search for 11,821 categories, among them nude painting and triptych")
IMAGENET_21K = _web(
    "ImageNet-21k", "web search for 21,841 categories, among them cityscape and nude painting (Deng et al. 2009)"
)
SATELLITE = Corpus(
    name="SAT-493M",
    state="unknown",
    evidence=_EARTH[1],
    datasets=dict.fromkeys((*_PAINTINGS, *_MUSEUMS), _EARTH) | _DRAWN,
)
NOT_STATED = _web("not stated", "no list or description of the training images is known for this tag")
TEACHER = _web("a teacher's images", "labels from another network, whose training images are not stated for this tag")

_LAION_2B = _web("LAION-2B", "2 billion images of the web with English captions (Schuhmann et al. 2022)")
_LAION_400M = _web("LAION-400M", "400 million captioned images of the web (Schuhmann et al. 2021)")
_YFCC = _web("YFCC100M", "99 million photographs of Flickr, by anyone (Thomee et al. 2016)")
_YFCC_15M = _web("YFCC-15M", "15 million captioned images of YFCC100M, from Flickr (Radford et al. 2021)")
_WIT = _web("WIT-400M", "400 million captioned images of the web, not published (Radford et al. 2021)")
_WEBLI = _web("WebLI", "10 billion images of the web, not published (Chen et al. 2023)")
_DATACOMP = _web("DataComp-1B", "1.4 billion captioned images of the web (Gadre et al. 2023)")
_DFN_2B = _web("DFN-2B", "2 billion captioned images of the web (Fang et al. 2024)")
_METACLIP = _web("MetaCLIP", "400 million or 2.5 billion captioned images of the web (Xu et al. 2024)")
_MERGED_2B = _web("Merged-2B", "LAION-2B and COYO-700M, images of the web (Sun et al. 2023)")
_LVD_142M = _web(
    "LVD-142M", "images of the web that resemble those of known datasets, not published (Oquab et al. 2024)"
)
_LVD_1689M = _web("LVD-1689M", "public posts of Instagram, not published (Siméoni et al. 2025)")
_IG_1B = _web("Instagram-1B", "940 million public images of Instagram, not published (Mahajan et al. 2018)")
_SWAG = _web("Instagram-3.6B", "3.6 billion public images of Instagram, not published (Singh et al. 2022)")
_M30M = _web("Merged-30M", "ImageNet-21k, captioned images of the web, and others (Fang et al. 2023)")
_SA_1B = _web("SA-1B", "11 million photographs licensed from an unnamed provider (Kirillov et al. 2023)")

# Words of tags. Two words with an underscore are looked for as such.
CORPORA: Mapping[str, Corpus] = {
    "in1k": IMAGENET_1K,
    "mae": IMAGENET_1K,
    "fcmae": IMAGENET_1K,
    "dino": IMAGENET_1K,
    "in12k": IMAGENET_12K,
    "in21k": IMAGENET_21K,
    "in22k": IMAGENET_21K,
    "inw21k": IMAGENET_21K,
    "jft": _web("JFT-300M", "300 million images of the web, not published (Sun et al. 2017; Xie et al. 2020)"),
    "ig1b": _IG_1B,
    "swag": _SWAG,
    "seer": _web("SEER", "random public images of Instagram, not published (Goyal et al. 2021)"),
    "yfcc100m": _YFCC,
    "yfcc15m": _YFCC_15M,
    "cc12m": _web("CC12M", "12 million captioned images of the web (Changpinyo et al. 2021)"),
    "openai": _WIT,
    "laion400m": _LAION_400M,
    "laion2b": _LAION_2B,
    "laiona": _web("LAION-Aesthetics", "images of LAION that a model finds beautiful (Schuhmann et al. 2022)"),
    "merged2b": _MERGED_2B,
    "datacompxl": _DATACOMP,
    "datacomp1b": _DATACOMP,
    "mclip": _web("DataCompDR-1B", "DataComp-1B with captions made anew (Vasu et al. 2024)"),
    "dfndr2b": _web("DFNDR-2B", "DFN-2B with captions made anew (Faghri et al. 2025)"),
    "dfn2b": _DFN_2B,
    "dfn5b": _web("DFN-5B", "5 billion captioned images of the web (Fang et al. 2024)"),
    "metaclip": _METACLIP,
    "metaclip2": _web("MetaCLIP 2", "captioned images of the web in 300 languages (Chuang et al. 2025)"),
    "webli": _WEBLI,
    "lvd142m": _LVD_142M,
    "lvd1689m": _LVD_1689M,
    "sat493m": SATELLITE,
    "sa1b": _SA_1B,
    "bamboo": _web("Bamboo", "images of public datasets and of Flickr (Zhang et al. 2022)"),
    "m30m": _M30M,
    "m38m": _web("Merged-38M", "ImageNet-21k, captioned images of the web, and others (Fang et al. 2024)"),
    "florence2": _web("FLD-5B", "126 million images, of ImageNet-21k, the web and others (Xiao et al. 2024)"),
    "pali": _WEBLI,
    "pali2": _WEBLI,
}
# Models whose tags don't say all of it: their teachers' or tokenisers' images, or those that came before, in order.
MODELS: Mapping[str, Corpus] = {
    r"beit_": _web("DALL-E's images", "a tokeniser from 250 million captioned images of the web (Ramesh et al. 2021)"),
    # Tokenisers (BEiT v2, BEiT-3) and teachers (EVA, TinyViT; GhostNetV3's is a BEiT v2) from CLIP.
    r"beitv2_|beit3_|eva_|eva02_|ghostnetv3_|tiny_vit_.*\.dist_": _web(
        "WIT-400M", "learnt from a CLIP network, from captioned images of the web, not published (Radford et al. 2021)"
    ),
    # EVA-CLIP began as EVA and taught EVA-L and EVA-02.
    r"eva_giant_.*clip_|eva_large_|eva02_": _M30M,
    r"eva_giant_.*\.clip_|eva_large_|eva02_": _web(
        "LAION-400M", "learnt from EVA-CLIP, which saw captioned images of the web (Fang et al. 2023, 2024)"
    ),
    r"beit3_": _web("BEiT-3's images", "ImageNet-21k and captioned images of the web and others (Wang et al. 2023)"),
    r"aimv2_": _web("AIMv2's images", "DFN-2B, COYO and a set that is not published (Fini et al. 2025)"),
    r"sam2_": _SA_1B,
    r"vit_pe_": _web("PE's images", "captioned images of the web, not published (Bolya et al. 2025)"),
    r"dpn(68b|92|107)\.mx_": _web(
        "ImageNet-5k", "web search for about 5,000 other categories, from ImageNet-10k (Chen et al. 2017)"
    ),
}
# Labels or features from a network that saw other images than the tag says.
_DISTILLED = re.compile(r"[._](dist|distilled|teacher|ssld|usi|eupe|radio|tinyclip)([._]|$)")
# Their teachers saw ImageNet-1k alone, as the code or the pages that came with the weights say (docs/corpora.md).
_TAUGHT_BY_IMAGENET = re.compile(
    r"(cait|deit|efficientformer|efficientformerv2|fastvit|levit|levit_conv|repvit|resmlp|swiftformer|xcit)_[^.]*\.[^.]*in1k"
)
# Words beside a corpus that say who trained and how, not on what: a tag with another word may mean more images. At the
# end: epochs, sides in pixels, numbers of tokens.
_RECIPE = re.compile(
    r"a[123]|a[12]?h|aa|adv|agc|am|ap|apple|aug|augreg|b[12]k|bd|bt|c[123]|c2ns|ch|cvnets|d|d[12]|d1h|deit|dist|distilled"
    r"|dm|ens|fb|gluon|goog|green|idstcv|ijepa|ix|lamb|miil|ms|msft|mx|nadamuon|nav|naver|nv|paddle|pycls|ra|ra[234]|racm"
    r"|ram|rmsp|rsb|rvgg|sail|sam|sbb|snap|ssld|sw|tf|timm|tv|tv2|usi|[ers]?\d{3,4}(e|ep)?"
)
# A side in pixels, or weights averaged at one: more steps on the same images.
_SAME_IMAGES = re.compile(r"(soup_)?\d{3}")


def corpus_of(model: str, tag: str) -> Corpus:
    """What the weights `model.tag` were trained on, first to last; a part that is not known counts as not stated."""
    return joined_corpora(list(_parts(model, tag)))


def _parts(model: str, tag: str) -> Iterator[Corpus]:
    name = f"{model}.{tag}"
    named = [corpus for pattern, corpus in MODELS.items() if re.match(pattern, name)]
    yield from named
    if _DISTILLED.search(name) and not _TAUGHT_BY_IMAGENET.fullmatch(name):
        yield TEACHER
    # `A_ft_B`: trained on A, then on B.
    for number, step in enumerate(tag.split("_ft_")):
        words = step.split("_")
        known = [CORPORA[word] for word in words if word in CORPORA]
        yield from known
        if known and all(corpus in (IMAGENET_1K, SATELLITE) for corpus in known):
            told = all(word in CORPORA or _RECIPE.fullmatch(word) for word in words)
        else:
            told = bool(known) or (bool(named) if number == 0 else bool(_SAME_IMAGES.fullmatch(step)))
        if not told:
            yield NOT_STATED
