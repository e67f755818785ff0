"""Probes on frozen features: logistic and ridge regression, nearest neighbours, and guesses without pixels."""
