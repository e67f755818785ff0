"""Metrics, their uncertainty, and tables of what was confused with what."""
