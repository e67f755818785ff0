"""Every model of open_clip as a backbone with a text side, with the weights that it publishes (extra `text`)."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import BackboneSpec, Family


@hookimpl
def register_backbones(register: Callable[[BackboneSpec | Family[BackboneSpec]], None]) -> None:
    """Register open_clip's models as one family."""
    register(
        Family(
            name="open_clip",
            description="every model of open_clip, which sees pictures and reads texts: open_clip:MODEL.TAG",
            resolve="artbench_open_clip.family:resolve",
            names="artbench_open_clip.family:names",
            particulars="artbench_open_clip.published:particulars",
            library="open_clip",
            with_text=(
                "open_clip:ViT-B-32.openai",
                "open_clip:ViT-B-32.laion2b_s34b_b79k",
                "open_clip:ViT-L-14.datacomp_xl_s13b_b90k",
            ),
        )
    )
