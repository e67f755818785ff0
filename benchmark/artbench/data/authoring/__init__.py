"""Helpers for who writes a dataset: listings of files and tables."""
