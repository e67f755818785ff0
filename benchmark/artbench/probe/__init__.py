"""Probes: what is fitted on frozen features, and reference rows that see none."""
