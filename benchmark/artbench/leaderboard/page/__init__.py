"""The leaderboards as one HTML page that opens from disk."""
