"""What open_clip's published weights were trained on: pictures with their captions, which may name the painter.

docs/corpora.md says where each statement comes from.
"""

from collections.abc import Mapping

from artbench.encoders import Corpus
from artbench.encoders.corpus import joined_corpora
from artbench.records.encoder_state import Knowledge

_DRAWN: Mapping[str, tuple[Knowledge, str]] = {
    "sample": ("clean", "its images are drawn by code, and were first published with artbench 0.1")
}


def _captioned(name: str, what: str) -> Corpus:
    return Corpus(name=name, state="unknown", evidence=f"{what}; captions may name painters", datasets=_DRAWN)


_NOT_STATED = Corpus(
    name="not stated", state="unknown", evidence="no description of the training images is known", datasets=_DRAWN
)
_LAION_2B = _captioned("LAION-2B", "2 billion images of the web with English captions (Schuhmann et al. 2022)")
_LAION_400M = _captioned("LAION-400M", "400 million captioned images of the web (Schuhmann et al. 2021)")
_COMMONPOOL = _captioned("CommonPool", "captioned images of the web, filtered (Gadre et al. 2023)")
_DATACOMP = _captioned("DataComp-1B", "1.4 billion captioned images of the web (Gadre et al. 2023)")
_METACLIP = _captioned("MetaCLIP", "400 million or 2.5 billion captioned images of the web (Xu et al. 2024)")
_MERGED_2B = _captioned("Merged-2B", "LAION-2B and COYO-700M, images of the web (Sun et al. 2023)")
_DFN_2B = _captioned("DFN-2B", "2 billion captioned images of the web (Fang et al. 2024)")

# By how a tag begins, longer ones first.
TAGS: Mapping[str, Corpus] = {
    "openai": _captioned("WIT-400M", "400 million captioned images of the web, not published (Radford et al. 2021)"),
    "laion400m": _LAION_400M,
    "laion2b": _LAION_2B,
    "laion5b": _captioned("LAION-5B", "5 billion captioned images of the web (Schuhmann et al. 2022)"),
    "frozen_laion5b": _captioned("LAION-5B", "5 billion captioned images of the web (Schuhmann et al. 2022)"),
    "laion_aesthetic": _captioned("LAION-Aesthetics", "images of LAION that a model finds beautiful"),
    "mscoco_finetuned_laion2b": _LAION_2B,
    "yfcc15m": _captioned("YFCC-15M", "15 million captioned images of YFCC100M, from Flickr (Radford et al. 2021)"),
    "cc12m": _captioned("CC12M", "12 million captioned images of the web (Changpinyo et al. 2021)"),
    "commonpool": _COMMONPOOL,
    "datacomp_s_": _COMMONPOOL,
    "datacomp_m_": _COMMONPOOL,
    "datacomp_l_": _COMMONPOOL,
    "datacomp_xl_": _DATACOMP,
    "datacomp_s34b": _DATACOMP,
    "datacomp1b": _DATACOMP,
    "datacompdr": _captioned("DataCompDR-1B", "DataComp-1B with captions made anew (Vasu et al. 2024)"),
    "dfndr2b": _captioned("DFNDR-2B", "DFN-2B with captions made anew (Faghri et al. 2025)"),
    "dfn2b": _DFN_2B,
    "dfn5b": _captioned("DFN-5B", "5 billion captioned images of the web (Fang et al. 2024)"),
    "metaclip2": _captioned("MetaCLIP 2", "captioned images of the web in 300 languages (Chuang et al. 2025)"),
    "metaclip_400m": _METACLIP,
    "metaclip_fullcc": _METACLIP,
    "merged2b": _MERGED_2B,
    "webli": _captioned("WebLI", "10 billion images of the web, not published (Chen et al. 2023)"),
}
# Networks that began with weights of others, by how open_clip's name begins.
_BEFORE: Mapping[str, Corpus] = {
    "EVA": _captioned("LAION-400M and others", "began as EVA, which learnt from a CLIP network (Fang et al. 2023)"),
    "PE-": _captioned("PE's images", "captioned images of the web, not published (Bolya et al. 2025)"),
}


def corpus_of(model: str, tag: str) -> Corpus:
    """What the weights of a model and a tag were trained on; a tag that says nothing counts as not stated."""
    before = [corpus for start, corpus in _BEFORE.items() if model.startswith(start)]
    named = [corpus for start, corpus in sorted(TAGS.items(), reverse=True) if tag.startswith(start)][:1]
    if not named and not (model.startswith("PE-") and before):
        named = [_NOT_STATED]
    return joined_corpora([*before, *named])
