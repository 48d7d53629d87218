"""A double of the API, for the rotation contract."""

from unittest import mock

import accounts_api


class FakeAccounts:
    """The API, with one user. Its methods take the place of the client's functions."""

    def __init__(self):
        self.passwords = {"app": "old"}

    def __enter__(self):
        self.in_place = mock.patch.multiple(
            accounts_api, can_log_in=self.can_log_in, change_password=self.change_password
        )
        self.in_place.start()
        return self

    def __exit__(self, *exc_info):
        self.in_place.stop()

    def can_log_in(self, username, password):
        return self.passwords.get(username) == password

    def change_password(self, username, old, new):
        if not self.can_log_in(username, old):
            raise PermissionError(username)
        self.passwords[username] = new

    def accepts(self, value):
        return self.passwords.get(value["username"]) == value["password"]

    def accepted(self):
        return [{"username": name, "password": password} for name, password in self.passwords.items() if password]

    def drop(self, value):
        self.passwords[value["username"]] = None
