"""A collection laid out in a plane by the features of an encoder."""
