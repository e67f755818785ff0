"""Results as they are written, read and kept."""
