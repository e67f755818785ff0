"""New plugins: packages written from templates."""
