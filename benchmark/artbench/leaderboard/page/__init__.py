"""The page of the leaderboards: one file that opens from disk."""
