"""A comparison of many encoders on many datasets, shared out over processes, GPUs or the nodes of a cluster."""
