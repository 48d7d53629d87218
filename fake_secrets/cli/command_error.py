"""The error that a command ends with if it can't run."""

__all__ = ["CommandError"]


class CommandError(Exception):
    """A command can't run. Its text says why in one sentence, and holds no secret value."""
