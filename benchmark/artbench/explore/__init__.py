"""A collection of pictures to explore: a page with a map, neighbours, clusters, duplicates and doubtful labels."""
