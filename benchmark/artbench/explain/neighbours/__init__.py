"""The pictures of a dataset that are nearest to a given one in the space of an encoder."""
