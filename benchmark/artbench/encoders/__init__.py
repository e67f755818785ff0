"""Encoders (backbones with weights): building them, reading checkpoints, digests of weights."""
