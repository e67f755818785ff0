"""Pictures and what is known of them: datasets, targets, splits, decoding."""
