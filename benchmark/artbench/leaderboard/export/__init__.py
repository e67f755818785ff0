"""Leaderboards for other programs: tables, papers, model cards."""
