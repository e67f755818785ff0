"""Encoders on tasks: split by split, scored, and put on record."""
