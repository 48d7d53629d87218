"""A service double as somebody would write it, and what notes its boundaries."""

from fake_secrets.contract.double import Double


class FakeDatabase:
    """A database with one user, as somebody would write it for a test."""

    kind = "database"

    def __init__(self):
        self.passwords = ["old"]

    def change(self, password, *, force=False):
        self.log_in()
        self.passwords = [password]
        return "changed"

    def log_in(self):
        return "logged in"

    def _private(self):
        return "private"

    def accepts(self, value):
        return value["password"] in self.passwords

    def accepted(self):
        return [{"password": password} for password in self.passwords]

    def drop(self, value):
        self.passwords.remove(value["password"])

    def settle(self):
        pass


class Seen(list):
    """Notes the boundaries, and lets each call happen."""

    def __call__(self, name, ask, arguments):
        self.append(name)
        return ask()


def double_of(made, around=None):
    return Double(lambda: made, Seen() if around is None else around)
