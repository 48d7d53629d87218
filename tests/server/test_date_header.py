"""The Date header shows the real time, because an SDK signs by the clock of the server that it has met last."""

import email.utils
import time
import urllib.request
from urllib.error import HTTPError

import freezegun
import pytest
import time_machine

FAR = "2030-01-01"


def date_of(url):
    with pytest.raises(HTTPError) as raised:
        urllib.request.urlopen(f"{url}/", data=b"{}")
    with raised.value as answer:
        return email.utils.parsedate_to_datetime(answer.headers["Date"])


@pytest.mark.parametrize("frozen", [lambda: freezegun.freeze_time(FAR), lambda: time_machine.travel(FAR)])
def test_the_date_header_doesnt_follow_the_clock_of_the_test(fake_secrets, frozen):
    real = time.time()
    with fake_secrets.server() as url, frozen():
        found = date_of(url)

    assert abs(found.timestamp() - real) < 60
