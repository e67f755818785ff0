"""Foundations: files, findings, progress, text, threads, processes, the machine."""
