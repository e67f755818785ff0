"""Fetching pictures of a museum: by IIIF, by OAI-PMH, or from a table of addresses."""
