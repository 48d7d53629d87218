"""The router: what goes to AWS's front end, what to the control API, and how the health is told."""

import json

import pytest

import fake_secrets
from fake_secrets.server.messages import HttpAnswer, HttpRequest
from fake_secrets.server.router import Router


def front_end(request):
    return HttpAnswer(299, note="front end")


def control(request):
    return HttpAnswer(298, note="control")


def ask(router, method, path):
    return router(HttpRequest(method, path, "", {}, b""))


@pytest.mark.parametrize(
    "path", ["/", "/any", "/_other", "/_fake_secretsx", "//_fake_secrets/", "*", "/x/_fake_secrets/"]
)
def test_other_paths_go_to_the_front_end(path):
    assert ask(Router(front_end, control), "POST", path).note == "front end"


@pytest.mark.parametrize("path", ["/_fake_secrets/", "/_fake_secrets/seed", "/_fake_secrets/health/x"])
def test_paths_under_the_prefix_go_to_the_control_api(path):
    assert ask(Router(front_end, control), "POST", path).note == "control"


def test_without_a_control_api_the_prefix_is_refused_with_a_hint():
    answer = ask(Router(front_end), "POST", "/_fake_secrets/seed")

    assert answer.status == 404
    assert json.loads(answer.body)["error"].startswith("this server has no control API.")


def test_the_prefix_without_its_slash_is_redirected():
    answer = ask(Router(front_end, control), "GET", "/_fake_secrets")

    assert (answer.status, answer.headers["Location"]) == (308, "/_fake_secrets/")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("controls", [None, control])
def test_the_health_needs_no_control_api(method, controls):
    answer = ask(Router(front_end, controls), method, "/_fake_secrets/health")

    assert (answer.status, json.loads(answer.body)) == (
        200,
        {"status": "ok", "version": fake_secrets.__version__},
    )


def test_helpers_of_localstack_find_the_service_running():
    answer = ask(Router(front_end), "GET", "/_localstack/health")

    assert json.loads(answer.body) == {
        "services": {"secretsmanager": "running"},
        "edition": "fake_secrets",
        "version": fake_secrets.__version__,
    }


def test_the_health_cant_be_posted():
    assert ask(Router(front_end, control), "POST", "/_fake_secrets/health").note == "control"
