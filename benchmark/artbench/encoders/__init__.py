"""Backbones that hold weights: building them, reading checkpoints, naming weights by digest."""
