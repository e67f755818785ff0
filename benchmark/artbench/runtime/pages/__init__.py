"""Self-contained HTML pages that open from disk and send no request, in one design."""
