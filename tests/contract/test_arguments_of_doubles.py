"""What ready doubles don't take."""

import pytest

from fake_secrets.contract.services import AccessKeys, ApiKeys, CacheUsers, PasswordDatabase

USERS = {"app": "a-secret-word"}


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (
            lambda: PasswordDatabase("a-secret-word"),
            TypeError,
            'users takes a mapping such as {"app": "old"}, not a str',
        ),
        (lambda: PasswordDatabase({}), ValueError, 'users is empty; name the first user, as in {"app": "old"}'),
        (
            lambda: PasswordDatabase({"app": 5}),
            TypeError,
            'users takes a mapping such as {"app": "old"}; what user \'app\' has is an int',
        ),
        (
            lambda: PasswordDatabase({5: "a-secret-word"}),
            TypeError,
            'users takes a mapping such as {"app": "old"}; one of its keys is an int',
        ),
        (
            lambda: PasswordDatabase(USERS, administrators="app"),
            TypeError,
            "administrators takes a list of names, such as administrators=['admin'], not a str",
        ),
        (
            lambda: PasswordDatabase(USERS, administrators=["root"]),
            ValueError,
            "administrators names 'root', who is none of the users: app",
        ),
        (
            lambda: PasswordDatabase(USERS, privileges="SELECT"),
            TypeError,
            "privileges takes a list of names, such as privileges=['SELECT'], not a str",
        ),
        (
            lambda: PasswordDatabase(USERS, privileges=[5]),
            TypeError,
            "privileges takes a list of names, such as privileges=['SELECT']; one of the items is no str",
        ),
        (
            lambda: PasswordDatabase(USERS, delay=-1),
            ValueError,
            "delay=-1 isn't a number of seconds from 0 on; 0 means at once",
        ),
        (lambda: PasswordDatabase(USERS, delay="1"), TypeError, "delay takes a number of seconds, not a str"),
        (
            lambda: PasswordDatabase(USERS, driver="nodriver"),
            ValueError,
            (
                "driver='nodriver' can't be imported; install it, or name the module whose connect() the function "
                'calls, such as "psycopg" or "pymysql"'
            ),
        ),
        (
            lambda: PasswordDatabase(USERS, driver="json"),
            ValueError,
            "driver='json' has no connect(); name the module whose connect() the function calls",
        ),
        (
            lambda: PasswordDatabase(USERS, driver=5),
            TypeError,
            'driver takes the name of a module, such as driver="psycopg", not an int',
        ),
        (
            lambda: PasswordDatabase(USERS, driver=""),
            ValueError,
            'driver=\'\' is no name of a module, such as "psycopg" or "pymysql"',
        ),
        (lambda: ApiKeys(5), TypeError, "first takes a str, not an int"),
        (lambda: ApiKeys(""), ValueError, "first is empty; give a text"),
        (lambda: ApiKeys("old", limit=0), ValueError, "limit=0 isn't a number from 1 on"),
        (lambda: ApiKeys("old", limit="2"), TypeError, "limit takes a whole number, not a str"),
        (
            lambda: AccessKeys(USERS),
            TypeError,
            'users takes a mapping such as {"mailer": {"AKIA...": "secret"}}; what user \'app\' has is a str',
        ),
        (
            lambda: CacheUsers({"app": []}),
            TypeError,
            'users takes a mapping such as {"app": "old"}; what user \'app\' has is a list',
        ),
        (lambda: CacheUsers(USERS, delay=None), TypeError, "delay takes a number of seconds, not None"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_in_one_sentence(make, kind, message):
    with pytest.raises(kind) as caught:
        make()
    assert str(caught.value) == message
