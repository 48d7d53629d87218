"""The page of a served world in a browser: it shows labels live, hides values, and runs no script of others."""

import boto3
import browsers
import pytest
from server.control.controlled_world import TOKEN, Control

from fake_secrets import mock_stages
from fake_secrets.server.listener import Listener

pytestmark = pytest.mark.browser
sync_api, BROWSER = browsers.playwright_and_chromium()

SECRET = "s3cr3t-value-0815"
NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright, playwright.chromium.launch(executable_path=BROWSER) as browser:
        yield browser


@pytest.fixture
def world():
    with mock_stages(region="us-east-1") as world:
        world.add("prod/db", labels={"AWSCURRENT": SECRET, "AWSPREVIOUS": f"{SECRET}-old", NASTY: f"{SECRET}-x"})
        world.add("api/key", SECRET)
        yield world


@pytest.fixture
def url(world):
    listener = Listener(Control(world).api)
    listener.start()
    yield f"{listener.url}/_fake_secrets/"
    listener.stop()


@pytest.fixture
def window(browser, url):
    """A page without complaints, and a function that opens an address in it."""
    complaints = []
    page = browser.new_page(viewport={"width": 400, "height": 800})
    page.on("pageerror", lambda error: complaints.append(error.message))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.set_default_timeout(10_000)
    yield page
    page.close()
    assert complaints == []


@pytest.fixture
def shown(window, url):
    window.goto(f"{url}#token={TOKEN}")
    window.wait_for_selector("#rows button")
    return window


def labels(page, name):
    row = page.locator("#rows tr").filter(has=page.get_by_role("button", name=name, exact=True))
    return sorted(row.locator(".label").all_text_contents())


def test_the_page_shows_every_secret_with_its_labels(shown):
    assert labels(shown, "prod/db") == [NASTY, "AWSCURRENT", "AWSPREVIOUS"]
    assert labels(shown, "api/key") == ["AWSCURRENT"]


def test_the_page_follows_a_label_that_moves(shown, world):
    client = boto3.client("secretsmanager", "us-east-1")
    client.put_secret_value(SecretId="api/key", SecretString="new")
    shown.locator("#rows tr").filter(has_text="api/key").get_by_text("AWSPREVIOUS").wait_for()

    assert labels(shown, "api/key") == ["AWSCURRENT", "AWSPREVIOUS"]


def test_a_secret_that_is_chosen_shows_its_timeline_which_goes_on(shown):
    shown.get_by_role("button", name="prod/db", exact=True).click()
    shown.wait_for_selector("#picture svg.drawing")
    boto3.client("secretsmanager", "us-east-1").put_secret_value(SecretId="prod/db", SecretString="new")
    shown.locator("#picture table").get_by_text("PutSecretValue").wait_for()

    assert "AWSCURRENT" in shown.locator("#picture").text_content()


def test_the_page_never_has_a_value(shown):
    shown.get_by_role("button", name="prod/db", exact=True).click()
    shown.wait_for_selector("#picture svg.drawing")

    assert SECRET not in shown.content()


def test_the_page_is_as_wide_as_the_window(shown):
    shown.get_by_role("button", name="prod/db", exact=True).click()
    shown.wait_for_selector("#picture svg.drawing")

    assert shown.evaluate("document.documentElement.scrollWidth") <= 400


def test_a_page_without_the_token_says_where_it_is(window, url):
    window.goto(url)

    assert "ends with #token=" in window.locator("#state").text_content()


def test_the_token_isnt_sent_in_an_address(window, url):
    addresses = []
    window.on("request", lambda request: addresses.append(request.url))
    window.goto(f"{url}#token={TOKEN}")
    window.wait_for_selector("#rows button")

    assert all(TOKEN not in address.partition("#")[0] for address in addresses)
