"""The service that the password protects. It stands in for your database or API."""

passwords: dict[str, str] = {}


def can_log_in(username, password):
    """Return whether the user can log in with this password."""
    return passwords.get(username) == password


def change_password(username, old, new):
    """Change the user's password.

    Raises:
        PermissionError: if `old` isn't the user's password.
    """
    if not can_log_in(username, old):
        raise PermissionError(username)
    passwords[username] = new
