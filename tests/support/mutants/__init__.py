"""Records as somebody might submit them: real ones, changed by chance or in bad faith."""

from tests.support.mutants import allowed, claims, fields, files, tables, values
from tests.support.mutants.submission import HARMFUL, HARMLESS, Mutation, Submission

__all__ = ["HARMFUL", "HARMLESS", "Mutation", "Submission", "allowed", "claims", "fields", "files", "tables", "values"]
