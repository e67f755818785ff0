"""Documents of IIIF and pages of OAI-PMH in the forms that museums publish."""

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

_AGENT, _TYPE = "https://id.example.org/agent/1", "https://id.example.org/type/1"


def manifest_2(url: str, number: int, *, pages: int = 1, choice: bool = False) -> dict[str, Any]:
    """A manifest of Presentation 2.1, with image services of version 2."""

    def canvas(page: int) -> dict[str, Any]:
        service = {"@context": "http://iiif.io/api/image/2/context.json", "@id": f"{url}/image/{number}-{page}"}
        image = {"@id": f"{service['@id']}/full/full/0/default.jpg", "@type": "dctypes:Image", "service": service}
        other = {"@id": f"{url}/uv.jpg", "@type": "dctypes:Image"}
        resource = {"@type": "oa:Choice", "default": image, "item": [other]} if choice else image
        return {"@id": f"{url}/canvas/{number}-{page}", "label": f"p. {page}", "images": [{"resource": resource}]}

    return {
        "@context": "http://iiif.io/api/presentation/2/context.json",
        "@type": "sc:Manifest",
        "@id": f"{url}/manifest/{number}",
        "label": [{"@value": f"Gezicht {number}", "@language": "nl"}, {"@value": f"View {number}", "@language": "en"}],
        "metadata": [
            {"label": "Creator", "value": "Jan van Goyen"},
            {"label": {"@value": "Date"}, "value": ["c. 1640", "c. 1641"]},
            {"label": "Title", "value": "=HYPERLINK(1)"},
        ],
        "license": "http://creativecommons.org/publicdomain/zero/1.0/",
        "attribution": "The museum",
        "sequences": [{"canvases": [canvas(page) for page in range(pages)]}],
    }


def manifest_3(url: str, number: int, *, service: str = "3") -> dict[str, Any]:
    """A manifest of Presentation 3, with a service of either version, or an image without one."""
    base = f"{url}/image/{number}-0"
    services = {
        "3": [{"id": base, "type": "ImageService3"}],
        "2": [{"@id": base, "@type": "ImageService2"}],
        "none": [],
    }[service]
    body = {"id": f"{url}/whole/{number}.jpg", "type": "Image", "service": services}
    annotation = {"type": "Annotation", "motivation": "painting", "body": {"type": "Choice", "items": [body]}}
    tagging = {"type": "Annotation", "motivation": "tagging", "body": {"id": f"{url}/tag.jpg", "type": "Image"}}
    return {
        "@context": ["http://iiif.io/api/presentation/3/context.json"],
        "id": f"{url}/manifest/{number}",
        "type": "Manifest",
        "label": {"nl": [f"Gezicht {number}"], "en": [f"View {number}"]},
        "metadata": [{"label": {"en": ["Creator"]}, "value": {"none": ["Aelbert Cuyp", "a pupil"]}}],
        "rights": "http://rightsstatements.org/vocab/InC/1.0/",
        "requiredStatement": {"label": {"en": ["By"]}, "value": {"en": ["Ask us"]}},
        "items": [
            {
                "id": f"{url}/canvas/{number}",
                "type": "Canvas",
                "items": [{"type": "AnnotationPage", "items": [tagging, annotation]}],
            }
        ],
    }


def record(number: int, *, image: str, shape: str = "resource", deleted: bool = False) -> str:
    """A record of OAI-PMH in EDM; `image` empty: a work without one."""
    header = (
        f"<header{' status=' + quoteattr('deleted') if deleted else ''}>"
        f"<identifier>https://id.example.org/{number}</identifier><datestamp>2024-08-15T00:00:00Z</datestamp></header>"
    )
    if deleted:
        return f"<record>{header}</record>"
    shown = (
        f"<edm:isShownBy rdf:resource={quoteattr(image)}/>"
        if shape == "resource"
        else f"<edm:isShownBy><edm:WebResource rdf:about={quoteattr(image)}/></edm:isShownBy>"
    )
    return (
        f"<record>{header}<metadata><rdf:RDF><ore:Aggregation>{shown if image else ''}"
        '<edm:rights rdf:resource="http://creativecommons.org/publicdomain/mark/1.0/"/>'
        "<edm:aggregatedCHO><edm:ProvidedCHO>"
        f'<dc:title xml:lang="nl">Werk {number}</dc:title>'
        f'<dc:title xml:lang="en">{escape("Work & more")} {number}</dc:title>'
        f'<dc:creator rdf:resource="{_AGENT}"/><dc:type rdf:resource="{_TYPE}"/>'
        f"<dc:identifier>SK-A-{number}</dc:identifier>"
        "<dcterms:created xml:lang='en'>c. 1735 - c. 1745</dcterms:created>"
        "<dcterms:created xml:lang='nl'>ca. 1735 - ca. 1745</dcterms:created>"
        "</edm:ProvidedCHO></edm:aggregatedCHO></ore:Aggregation>"
        f'<edm:Agent rdf:about="{_AGENT}"><skos:prefLabel xml:lang="en">Jan Steen</skos:prefLabel></edm:Agent>'
        f'<skos:Concept rdf:about="{_TYPE}"><skos:prefLabel xml:lang="nl">schilderij</skos:prefLabel>'
        '<skos:prefLabel xml:lang="en">painting</skos:prefLabel></skos:Concept></rdf:RDF></metadata></record>'
    )


def oai(inside: str) -> str:
    """An answer of OAI-PMH."""
    spaces = {
        "": "http://www.openarchives.org/OAI/2.0/",
        ":rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        ":edm": "http://www.europeana.eu/schemas/edm/",
        ":dc": "http://purl.org/dc/elements/1.1/",
        ":dcterms": "http://purl.org/dc/terms/",
        ":skos": "http://www.w3.org/2004/02/skos/core#",
        ":ore": "http://www.openarchives.org/ore/terms/",
    }
    names = " ".join(f'xmlns{name}="{space}"' for name, space in spaces.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><OAI-PMH {names}>{inside}</OAI-PMH>'


def page(records: Sequence[str], token: str | None) -> str:
    """A page of records, with the token of the next one; None: without the element."""
    end = "" if token is None else f"<resumptionToken>{escape(token)}</resumptionToken>"
    return oai(f"<ListRecords>{''.join(records)}{end}</ListRecords>")
