"""Audits of whole datasets: undecodable images, near-duplicates, leaks from training into the test."""
