"""The service that the password protects: a stand-in for a database or an API of yours."""

passwords: dict[str, str] = {}


def can_log_in(username, password):
    """Say whether the user can log in with this password."""
    return passwords.get(username) == password


def change_password(username, old, new):
    """Change the user's password.

    Raises:
        PermissionError: the old password isn't the user's.
    """
    if not can_log_in(username, old):
        raise PermissionError(username)
    passwords[username] = new
