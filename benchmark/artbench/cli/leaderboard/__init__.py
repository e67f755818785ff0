"""The commands on leaderboards."""
