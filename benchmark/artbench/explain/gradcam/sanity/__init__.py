"""Whether a map of a picture says anything about the network: what a picture of evidence has to stand."""
