"""Running and checking rotation functions."""
