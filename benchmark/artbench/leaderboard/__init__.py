"""Leaderboards: ranking, comparing, checking, rendering and exporting records."""
