"""Plugins that are broken, each in its own way: one module, one fault."""
