"""What the contract finds in a function that works in a happy test."""

import functools

import careless
from double import Postgres
from secret_values import SECRET

from fake_secrets import check_rotation


def test_x(server):
    report = check_rotation(careless.lambda_handler, secret=SECRET, service=functools.partial(Postgres, server))
    print(report)
    assert 0
