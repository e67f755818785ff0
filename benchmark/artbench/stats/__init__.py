"""Metrics, bootstrap intervals, paired tests, and tables of classes."""
