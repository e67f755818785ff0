"""Checks of records that others have submitted; nothing in them is trusted."""
