"""Images and their labels: datasets, targets, splits, decoding."""
