"""Everything that is known of some records, gathered into a folder that opens from disk."""
