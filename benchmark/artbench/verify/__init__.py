"""Checks on a few images that predictions come from the weights that a record names."""
