"""Pages that open from disk: one design for all of them, and no request leaves any."""
