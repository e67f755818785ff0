import open_clip

from artbench_open_clip.corpora import corpus_of


def test_no_published_weights_are_clean_of_paintings() -> None:
    # Whoever was trained on captions of the web may have read who painted a picture.
    corpora = [corpus_of(model, tag) for model, tag in open_clip.list_pretrained()]
    assert {corpus.seen("wikiart").state for corpus in corpora} == {"unknown"}
    assert {corpus.seen("sample").state for corpus in corpora} == {"clean"}


def test_a_tag_names_what_it_was_trained_on() -> None:
    assert corpus_of("ViT-B-32", "laion2b_s34b_b79k").name == "LAION-2B"
    assert corpus_of("ViT-L-14", "datacomp_xl_s13b_b90k").name == "DataComp-1B"
    assert corpus_of("ViT-B-16", "datacomp_l_s1b_b8k").name == "CommonPool"
    assert corpus_of("ViT-B-32", "metaclip2_worldwide").name == "MetaCLIP 2"
    assert corpus_of("EVA02-L-14", "merged2b_s4b_b131k").name == "LAION-400M and others + Merged-2B"
    assert corpus_of("nllb-clip-base", "v1").name == "not stated"
    assert "captions may name painters" in corpus_of("RN50", "openai").seen("wikiart").evidence
