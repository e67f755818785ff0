"""The map as a page to explore."""
