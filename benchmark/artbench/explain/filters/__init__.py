"""Pictures of what single units of a network respond to."""
