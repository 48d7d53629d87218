"""A connection: what counts as proper HTTP, what is refused, and how connections are kept."""

import gzip
import json
import zlib

import freezegun
import pytest
import time_machine
from server.wire import answers_of, connect, exchange, listening, one_answer, request, until_closed

from fake_secrets.server.limits import Limits
from fake_secrets.server.messages import HttpAnswer

MEBIBYTE = 1 << 20
CLOSE = "Connection: close"


@pytest.fixture(scope="module")
def lines():
    return []


@pytest.fixture(scope="module")
def listener(lines):
    with listening(log=lines.append) as listener:
        yield listener


def status_of(answer):
    return int(answer.split()[1])


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"GET /\r\n", id="HTTP/0.9"),
        pytest.param(b"GET /\r\n\r\n", id="no version"),
        pytest.param(b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", id="HTTP/2.0"),
        pytest.param(b"GET / HTTP/1.2\r\nHost: localhost\r\n\r\n", id="HTTP/1.2"),
        pytest.param(b"GET / http/1.1\r\nHost: localhost\r\n\r\n", id="version in lower case"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="preface of HTTP/2"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", id="TLS"),
        pytest.param(b"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", id="two spaces"),
        pytest.param(b"GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n", id="space at the end"),
        pytest.param(b"GET\t/\tHTTP/1.1\r\nHost: localhost\r\n\r\n", id="tabs"),
        pytest.param(b" GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", id="space at the start"),
        pytest.param(b"G(T / HTTP/1.1\r\nHost: localhost\r\n\r\n", id="odd method"),
        pytest.param(b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", id="bytes in the target"),
        pytest.param(b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n", id="NUL in the target"),
        pytest.param(b"GET x HTTP/1.1\r\nHost: localhost\r\n\r\n", id="relative target"),
        pytest.param(b"GET ftp://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", id="another scheme"),
        pytest.param(b"GET http:///x HTTP/1.1\r\nHost: localhost\r\n\r\n", id="no authority"),
        pytest.param(b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", id="asterisk"),
        pytest.param(b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", id="CONNECT"),
        pytest.param(b"GET / HTTP/1.1\nHost: localhost\n\n", id="bare LF"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\n\r\n", id="bare LF after a header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\rC: d\r\n\r\n", id="bare CR"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\x00\r\n\r\n", id="NUL in a header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\r\n c\r\n\r\n", id="folded header"),
        pytest.param(b"GET / HTTP/1.1\r\n Host: localhost\r\n\r\n", id="folded request line"),
        pytest.param(b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", id="space before the colon"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\nnone\r\n\r\n", id="no colon"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\n: none\r\n\r\n", id="no name"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\nA\xe4: b\r\n\r\n", id="bytes in a name"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="no Host"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", id="two Hosts"),
        pytest.param(b"\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n", id="many blank lines"),
        pytest.param(b"GET /" + b"x" * 70_000, id="long request line"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"x" * 70_000, id="long header"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", id="many headers"),
    ],
)  # fmt: skip
def test_improper_http_is_refused_in_plain_text_and_the_connection_closed(listener, sent):
    answer = exchange(listener, sent)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\nContent-Type: text/plain; charset=utf-8" in head
    assert b"\r\nConnection: close" in head
    assert body.strip()


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: 2\r\nContent-Length: 2",
        "Content-Length: 2, 2",
        "Content-Length: -2",
        "Content-Length: +2",
        "Content-Length: 0x2",
        "Content-Length: 2_0",
        "Content-Length: 2.0",
        "Content-Length: 2 0",
        "Content-Length: \N{SUPERSCRIPT TWO}",
        "Content-Length: ",
        "Content-Length: 1000000000000000000000",
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 2",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: \x0bchunked",
        "Transfer-Encoding: ",
    ],
)
def test_a_length_that_can_be_understood_in_two_ways_is_refused(listener, headers):
    sent = f"POST / HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n{{}}".encode("latin-1")

    answer = exchange(listener, sent + request(CLOSE, path="/hidden"))

    assert status_of(answer) == 400
    assert answer.count(b"HTTP/1.1 ") == 1


def test_chunks_in_http_1_0_are_refused(listener):
    answer = exchange(
        listener, b"POST / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )

    assert status_of(answer) == 400


def test_what_is_refused_is_logged_without_anything_from_the_request(listener, lines):
    exchange(listener, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: s3cr3t\x00\r\n\r\n")

    assert lines[-1].startswith("refused 400 a header must be")
    assert "s3cr3t" not in "".join(lines)


def test_a_connection_is_kept_for_many_requests(listener):
    with connect(listener) as connection:
        for number in range(50):
            connection.sendall(request(path=f"/{number}", body=b"x" * number))
            ((status, headers, body),) = answers_of(connection)

            assert (status, json.loads(body)["size"]) == (200, number)
            assert "connection" not in headers


def test_requests_that_are_sent_ahead_are_answered_in_order(listener):
    with connect(listener) as connection:
        connection.sendall(b"".join(request(path=f"/{number}", body=b"{}") for number in range(20)))
        answers = answers_of(connection, 20)

    assert [json.loads(body)["path"] for _, _, body in answers] == [f"/{number}" for number in range(20)]


def test_a_request_may_come_byte_by_byte(listener):
    sent = b"\r\n" + request(CLOSE, body=b"{}")

    answer = exchange(listener, *(bytes([byte]) for byte in sent))

    assert status_of(answer) == 200


def test_a_bare_line_feed_is_found_wherever_the_packets_end(listener):
    answer = exchange(listener, b"GET / HTTP/1.1\r", b"\nHost: localhost\r\nA: b", b"\n\r\n")

    assert status_of(answer) == 400


def test_a_client_can_have_the_connection_closed(listener):
    answer = exchange(listener, request(CLOSE))

    assert b"\r\nConnection: close\r\n" in answer


def test_a_connection_of_http_1_0_is_closed(listener):
    answer = exchange(listener, b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")

    assert status_of(answer) == 200
    assert b"\r\nConnection: close\r\n" in answer


def test_a_connection_of_http_1_0_is_kept_if_the_client_asks_for_it(listener):
    with connect(listener) as connection:
        for _ in range(2):
            connection.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\nConnection: Keep-Alive\r\n\r\n")
            ((status, headers, _),) = answers_of(connection)

            assert (status, headers["connection"]) == (200, "keep-alive")


def test_the_answer_to_head_has_the_length_of_the_body_but_no_body(listener):
    answer = exchange(listener, request(CLOSE, method="HEAD"))

    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Length: 0" not in head
    assert body == b""


def test_a_client_that_waits_with_its_body_is_told_to_go_on(listener):
    with connect(listener) as connection:
        connection.sendall(request("Expect: 100-continue", CLOSE, body=b"{}")[:-2])
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"

        connection.sendall(b"{}")
        assert status_of(until_closed(connection)) == 200


def test_a_client_that_sends_its_body_at_once_isnt_told_to_go_on(listener):
    answer = exchange(listener, request("Expect: 100-continue", CLOSE, body=b"{}"))

    assert status_of(answer) == 200


def test_a_client_isnt_told_to_go_on_with_a_body_that_is_too_large(listener):
    sent = f"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {MEBIBYTE + 1}\r\n\r\n"

    assert status_of(exchange(listener, sent.encode())) == 413


def test_another_expectation_is_refused(listener):
    assert status_of(exchange(listener, request("Expect: the-unexpected", body=b"{}"))) == 417


def test_a_body_of_a_mebibyte_is_taken(listener):
    answer = exchange(listener, request(CLOSE, body=b"x" * MEBIBYTE))

    assert json.loads(answer.partition(b"\r\n\r\n")[2])["size"] == MEBIBYTE


def test_a_larger_body_is_refused_without_a_body_as_soon_as_its_length_is_known(listener):
    answer = exchange(listener, request(body=b"x" * (MEBIBYTE + 1)))

    head, _, body = answer.partition(b"\r\n\r\n")
    assert status_of(answer) == 413
    assert (b"\r\nContent-Length: 0\r\n" in head, body) == (True, b"")


def test_a_client_that_sends_a_much_larger_body_still_gets_the_answer(listener):
    assert status_of(exchange(listener, request(body=b"x" * (8 * MEBIBYTE)))) == 413


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip"])
def test_a_body_may_be_compressed(listener, coding):
    answer = exchange(listener, request(f"Content-Encoding: {coding}", CLOSE, body=gzip.compress(b"x" * 1000)))

    assert json.loads(answer.partition(b"\r\n\r\n")[2])["size"] == 1000


@pytest.mark.slow
def test_a_small_body_that_unpacks_to_a_large_one_is_refused(listener):
    bomb = gzip.compress(b"\0" * (100 * MEBIBYTE), 9)
    assert len(bomb) < MEBIBYTE

    assert status_of(exchange(listener, request("Content-Encoding: gzip", body=bomb))) == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        gzip.compress(b"{}")[:-1],
        gzip.compress(b"{}") + b"x",
        gzip.compress(b"{}") + gzip.compress(b"{}"),
        zlib.compress(b"{}"),
    ],
    ids=["empty", "plain", "cut", "trailing", "two members", "zlib"],
)
def test_a_body_that_gzip_hasnt_made_is_refused(listener, body):
    assert status_of(exchange(listener, request("Content-Encoding: gzip", body=body))) == 400


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_other_encodings_are_refused(listener, coding):
    assert status_of(exchange(listener, request(f"Content-Encoding: {coding}", body=b"{}"))) == 415


def chunked(*chunks, end=b"0\r\n\r\n", headers=""):
    head = (
        f"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Transfer-Encoding: Chunked\r\n\r\n"
    )
    return head.encode() + b"".join(chunks) + end


def test_a_body_may_come_in_chunks_with_extensions_and_trailers(listener):
    sent = chunked(b"2\r\n{ \r\n", b"00A ;x=y\r\n0123456789\r\n", end=b"0\r\nHost: evil\r\nX: y\r\n\r\n")

    answer = exchange(listener, sent)

    assert json.loads(answer.partition(b"\r\n\r\n")[2])["size"] == 12


def test_a_body_in_chunks_may_be_compressed(listener):
    body = gzip.compress(b"x" * 500)

    answer = exchange(listener, chunked(b"%x\r\n%s\r\n" % (len(body), body), headers="Content-Encoding: gzip\r\n"))

    assert json.loads(answer.partition(b"\r\n\r\n")[2])["size"] == 500


@pytest.mark.parametrize(
    ("chunks", "status"),
    [
        (b"-2\r\n{}\r\n", 400),
        (b"0x2\r\n{}\r\n", 400),
        (b" 2\r\n{}\r\n", 400),
        (b"2\n{}\r\n", 400),
        (b"2\r\n{}\n", 400),
        (b"2\r\n{}x\r\n", 400),
        (b"\r\n{}\r\n", 400),
        (b"2;" + b"x" * 300 + b"\r\n{}\r\n", 400),
        (b"2;\x00\r\n{}\r\n", 400),
        (b"0\r\n" + b"X: y\r\n" * 10_000, 400),
        (b"FFFFFFFFFFFF\r\n", 413),
        (b"FFFFFFFFFFFFFFFFF\r\n", 400),
        (b"100000\r\n" + b"x" * MEBIBYTE + b"\r\n1\r\nx\r\n", 413),
    ],
)
def test_improper_or_too_many_chunks_are_refused(listener, chunks, status):
    assert status_of(exchange(listener, chunked(chunks))) == status


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/", "/", ""),
        ("/a/b?c=d?e", "/a/b", "c=d?e"),
        ("//a", "//a", ""),
        ("http://localhost", "/", ""),
        ("HTTP://localhost/a?b", "/a", "b"),
    ],
)
def test_path_and_query_are_told_apart(listener, target, path, query):
    answer = exchange(listener, request(CLOSE, path=target))

    content = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert (content["path"], content["query"]) == (path, query)


@pytest.mark.parametrize(
    "frozen", [None, freezegun.freeze_time, time_machine.travel], ids=["real", "freezegun", "time-machine"]
)
def test_a_request_that_drips_is_cut_off_whatever_the_clock_says(frozen):
    with listening(limits=Limits(request=0.3)) as listener, connect(listener) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\n")
        clock = None if frozen is None else frozen("2030-01-01")
        if clock is not None:
            clock.start()
        try:
            answer = until_closed(connection)
        finally:
            if clock is not None:
                clock.stop()

    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert answer.endswith(b"a request must arrive within 0.3 seconds\n")


def test_a_body_that_doesnt_come_is_cut_off():
    with listening(limits=Limits(request=0.2)) as listener:
        assert status_of(exchange(listener, request(body=b"{}")[:-1])) == 408


def test_an_idle_connection_is_closed_without_a_word_after_its_time():
    with listening(limits=Limits(idle=0.1)) as listener:
        assert exchange(listener) == b""


def test_idle_connections_stay_open_for_minutes_by_default():
    assert Limits().idle >= 300


def test_too_many_connections_are_refused_until_one_is_closed():
    with listening(limits=Limits(connections=2)) as listener:
        with connect(listener) as one, connect(listener) as two:
            for connection in (one, two):
                connection.sendall(request())
                answers_of(connection)
            assert status_of(exchange(listener, request(body=b"{}"))) == 503
        statuses = []
        while 200 not in statuses:
            statuses.append(status_of(exchange(listener, request(CLOSE))))

    assert set(statuses) <= {200, 503}


def test_an_unexpected_exception_is_an_internal_error_and_logged_without_its_text():
    def fail(_):
        msg = "s3cr3t"
        raise KeyError(msg)

    lines = []
    with listening(fail, log=lines.append) as listener, connect(listener) as connection:
        connection.sendall(request() * 2)
        answers = answers_of(connection, 2)

    assert [status for status, _, _ in answers] == [500, 500]
    content = json.loads(answers[0][2])
    assert content["__type"] == "InternalServiceError"
    assert "KeyError in test_connection.py, line " in content["Message"]
    assert lines[0].startswith("500 KeyError in test_connection.py, line ")
    assert "s3cr3t" not in repr((lines, answers))


@pytest.mark.parametrize("failure", [SystemExit, GeneratorExit, KeyboardInterrupt])
def test_an_exception_of_any_kind_ends_no_thread(failure):
    def fail(_):
        raise failure

    with listening(fail) as listener:
        assert status_of(exchange(listener, request(CLOSE))) == 500


def test_a_log_that_fails_costs_no_answer():
    def fail(_):
        raise BrokenPipeError

    with listening(log=fail) as listener:
        assert status_of(exchange(listener, request(CLOSE))) == 200


def test_a_lost_answer_closes_the_connection():
    with listening(lambda _: HttpAnswer(200, is_lost=True)) as listener:
        assert exchange(listener, request()) == b""


@pytest.mark.parametrize("sent", [b"", b"POST", request(body=b"{}")[:-1], request(body=b"{}") * 50])
def test_a_client_that_goes_away_leaves_no_word_on_stderr(capfd, sent):
    with listening() as listener:
        with connect(listener) as connection:
            connection.sendall(sent)
        with connect(listener) as connection:
            connection.sendall(request())
            assert one_answer(connection.makefile("rb"))[0] == 200

    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_client_that_doesnt_read_its_answer_disturbs_no_other():
    def answer(_):
        return HttpAnswer(200, body=b"x" * (64 * MEBIBYTE))

    with listening(answer, limits=Limits(stop=0.2)) as listener, connect(listener) as connection:
        connection.sendall(request())
        assert connection.recv(1)
        with connect(listener) as other:
            other.sendall(request())
            assert other.recv(1)
