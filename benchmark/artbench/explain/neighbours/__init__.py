"""The images of a dataset that are nearest to a given one in the feature space of an encoder."""
