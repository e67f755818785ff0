"""Checks of whether a map of an image depends on what the network has learnt."""
