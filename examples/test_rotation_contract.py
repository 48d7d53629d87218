"""The rotation contract of the function, with a double of the service that it rotates a password of."""

from fake_accounts import FakeAccounts
from rotate_api_password import lambda_handler

from fake_secrets import RotationContract


class TestRotateApiPassword(RotationContract):
    handler = staticmethod(lambda_handler)
    secret = {"username": "app", "password": "old"}
    service = FakeAccounts
    name = "prod/api"
    allow = {"pending-label-left": "AWS's own templates leave it, too"}
