"""The guard: a web page reaches nothing, under whatever name it comes, and every other client does."""

import pytest
from server.wire import exchange, listening, request

from fake_secrets.server.guard import Guard
from fake_secrets.server.heads import Headers
from fake_secrets.server.messages import HttpAnswer, HttpRequest

PORT = 4566


def passed(_):
    return HttpAnswer(200, note="passed")


def ask(headers, names=("127.0.0.1",), authority=""):
    values = {name.lower(): value for name, value in headers.items()}
    return Guard(passed, names, PORT)(HttpRequest("POST", "/", "", Headers(values), b"", authority))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LocalHost", "localhost.", "[::1]"])
@pytest.mark.parametrize("port", ["", f":{PORT}"])
def test_the_names_of_the_loopback_interface_are_answered(host, port):
    assert ask({"Host": host + port}).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        f"evil.example:{PORT}",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.localhost",
        "127.0.0.2",
        "0.0.0.0",  # noqa: S104 -- nothing is bound
        "127.1",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "::1",
        "[::1",
        "127.0.0.1:1",
        "127.0.0.1:",
        f"127.0.0.1:{PORT}:{PORT}",
        f"user@127.0.0.1:{PORT}",
        "127.0.0.1 evil.example",
        "127.0.0.1, evil.example",
        "secretsmanager.us-east-1.amazonaws.com",
    ],
)
def test_another_host_is_refused_in_plain_words(host):
    answer = ask({"Host": host})

    assert (answer.status, answer.headers["Content-Type"]) == (403, "text/plain; charset=utf-8")
    assert answer.body.decode() == (
        "this server doesn't answer for the Host that the request names, so that no web page can reach it under a "
        "name of its own. It answers for:\n- 127.0.0.1\n- ::1\n- localhost\n"
        "Name another one with `fake-secrets serve --name NAME`.\n"
    )


def test_a_request_without_a_host_is_refused():
    assert ask({}).status == 403


@pytest.mark.parametrize("host", ["fake", "FAKE:4566", "fake.:80", "localhost:80", "127.0.0.1"])
def test_a_name_that_the_user_gave_is_answered_with_any_port(host):
    assert ask({"Host": host}, ["fake"]).status == 200


@pytest.mark.parametrize("host", ["fake.evil.example", "evil.example", "172.17.0.2"])
def test_only_names_that_the_user_gave_are_answered(host):
    assert ask({"Host": host}, ["fake"]).status == 403


@pytest.mark.parametrize("names", [["0.0.0.0"], ["::"], ["[::]"]])  # noqa: S104 -- nothing is bound
@pytest.mark.parametrize("host", ["172.17.0.2:80", "[fe80::1]", "localhost:49153"])
def test_on_all_interfaces_every_bare_address_is_answered(names, host):
    assert ask({"Host": host}, names).status == 200


def test_on_all_interfaces_another_name_is_refused():
    assert ask({"Host": "evil.example"}, ["0.0.0.0"]).status == 403  # noqa: S104 -- nothing is bound


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        f"https://localhost:{PORT}",
        "http://localhost",
        "http://localhost:3000",
        f"http://127.0.0.1:{PORT}",
        f"http://localhost:{PORT}.evil.example",
        f"http://localhost:{PORT}, http://localhost:{PORT}",
        "chrome-extension://abc",
    ],
)
def test_a_request_from_a_web_page_is_refused(origin):
    answer = ask({"Host": f"localhost:{PORT}", "Origin": origin})

    assert answer.status == 403
    assert answer.body.startswith(b"this server answers no web pages of other sites, and Origin shows")


def test_the_servers_own_page_is_answered():
    assert ask({"Host": f"localhost:{PORT}", "Origin": f"http://localhost:{PORT}"}).status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "other", "Same-Origin"])
def test_a_request_that_a_page_sends_without_an_origin_is_refused(site):
    assert ask({"Host": "localhost", "Sec-Fetch-Site": site}).status == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_an_address_that_a_person_has_typed_is_answered(site):
    assert ask({"Host": "localhost", "Sec-Fetch-Site": site}).status == 200


def test_a_whole_url_is_treated_like_the_host():
    assert ask({"Host": "localhost"}, authority="evil.example").status == 403
    assert ask({"Host": "evil.example"}, authority="localhost").status == 403
    assert ask({"Host": "localhost"}, authority=f"localhost:{PORT}").status == 200


@pytest.mark.parametrize(
    "sent",
    [
        request("Connection: close", host="evil.example"),
        request("Connection: close", path="http://evil.example/"),
        request("Connection: close", "Origin: http://evil.example", method="OPTIONS"),
        request("Connection: close", "Sec-Fetch-Site: cross-site", method="GET"),
    ],
)
def test_every_listener_has_a_guard_and_no_answer_has_cors_headers(sent):
    lines = []
    with listening(log=lines.append) as listener:
        answer = exchange(listener, sent)

    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"access-control-" not in answer.lower()
    assert lines[0].startswith("refused 403 another ")
    assert "evil" not in lines[0]
