"""Pages of timelines and of reports in a real browser, wide and narrow, light and dark.

The tests are skipped where there is no browser or no driver for it, unless FAKE_SECRETS_BROWSER=required.
"""

import dataclasses

import boto3
import browsers
import pytest
from contract.faulty_reports import faulty_report, nasty_report
from rotators import Rotator

from fake_secrets import mock_stages
from fake_secrets.observe.pictures.report import page_of_parts, part_of

pytestmark = pytest.mark.browser
sync_api, BROWSER = browsers.playwright_and_chromium()

WIDTHS = (400, 1280)
SCHEMES = ("light", "dark")
NASTY = "<script>alert(1)</script>&\"' \n\x1b[31m\u202e\u200b\ud800 漢字 é"

# The boxes of everything that is read: pieces of text, and marks of the drawing. Each has a name and its text.
BOXES = """() => {
  const boxes = [];
  const add = (what, element, rect) => {
    const scrolls = element.closest('.scroll');
    boxes.push({what, scrolls: scrolls !== null, left: rect.left, right: rect.right, top: rect.top,
                bottom: rect.bottom});
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest('style, svg title, svg desc')) continue;
    if (!parent.checkVisibility()) continue;
    if (parent.closest('svg')) {
      add(node.data, parent, parent.getBoundingClientRect());
    } else {
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) add(node.data, parent, rect);
    }
  }
  for (const mark of document.querySelectorAll('svg .mark')) {
    add(mark.getAttribute('class'), mark, mark.getBoundingClientRect());
  }
  return boxes;
}"""

# The contrast of each piece of text with what is below it.
CONTRASTS = """() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => {
    const [red, green, blue] = parts(colour).map(one => one / 255)
      .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const below = element => {
    for (let one = element; one; one = one.parentElement) {
      if (one.tagName === 'text' && one.previousElementSibling?.matches('.bar')) {
        return getComputedStyle(one.previousElementSibling).fill;
      }
      const colour = getComputedStyle(one).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    if (element.matches('style, title, desc')) continue;
    const style = getComputedStyle(element);
    const own = light(element.closest('svg') ? style.fill : style.color), other = light(below(element));
    found.push([element.textContent, (Math.max(own, other) + 0.05) / (Math.min(own, other) + 0.05)]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright, playwright.chromium.launch(executable_path=BROWSER) as browser:
        yield browser


@pytest.fixture(scope="module")
def show(browser, tmp_path_factory):
    """A function that opens a page in a window of some width and scheme. It must cause no error and no request."""
    path = tmp_path_factory.mktemp("pages") / "page.html"
    shown = {}

    def show(html, width=1280, scheme="light"):
        key = html, width, scheme
        if key not in shown:
            shown[key] = opened(*key)
        page, complaints = shown[key]
        assert complaints == []
        return page

    def opened(html, width, scheme):
        path.write_text(html, encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        complaints = []
        page.on("pageerror", lambda error: complaints.append(error.message))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda request: request.url == path.as_uri() or complaints.append(request.url))
        page.set_default_timeout(5_000)
        page.goto(path.as_uri())
        return page, complaints

    return show


def worlds():
    """The pages that are looked at: each has its own difficulty."""
    client = boto3.client("secretsmanager", "us-east-1")
    with mock_stages({"prod/db": "0"}) as world:
        world.retries.max_attempts = 3
        world.rotate("prod/db", Rotator(client, fails_in="testSecret"), errors="record")
        world.faults.fail("PutSecretValue", "ThrottlingException", times=1)
        stages = ["AWSCURRENT", "LIVE", "BLUE", "GREEN", NASTY]
        client.put_secret_value(SecretId="prod/db", SecretString="1", VersionStages=stages)
        client.create_secret(Name="n/" * 255, SecretString="1", ClientRequestToken="<i>&" * 16)
        client.update_secret(SecretId="n/" * 255, Description="x")
        timeline = world.timeline("prod/db")
        yield "timeline", timeline.html()
        notebook = timeline._repr_html_()
        yield (
            "notebook",
            f"<!DOCTYPE html><meta charset=utf-8><title>n</title><body><p>before</p>{notebook}<p>after</p>",
        )
        part = part_of(world.account_id, world.region, world._world.ledger)
        yield "report", page_of_parts("tests/" + "long_name/" * 30 + "test_it.py::test_it[<b>]", [part, part])
        many = dataclasses.replace(timeline, moments=timeline.moments * 6)
        yield "many rows", many.html()
    yield "contract", faulty_report().html()
    yield "contract of any characters", nasty_report().html()
    fragment = faulty_report()._repr_html_()
    yield "contract in a notebook", f"<!DOCTYPE html><meta charset=utf-8><title>n</title><body>{fragment}"


@pytest.fixture(scope="module")
def pages():
    return dict(worlds())


PAGES = (
    "timeline",
    "notebook",
    "report",
    "many rows",
    "contract",
    "contract of any characters",
    "contract in a notebook",
)


@pytest.fixture(
    params=[(name, width, scheme) for name in PAGES for width in WIDTHS for scheme in SCHEMES], ids=str
)
def page(request, pages, show):
    name, width, scheme = request.param
    return show(pages[name], width, scheme)


def test_nothing_overlaps(page):
    boxes = sorted(page.evaluate(BOXES), key=lambda box: box["top"])
    assert len(boxes) > 20
    overlaps = []
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            if other["top"] >= one["bottom"] - 1:
                break
            if min(one["right"], other["right"]) - max(one["left"], other["left"]) > 1:
                overlaps.append((one["what"], other["what"]))
    assert overlaps == []


def test_each_label_fits_into_its_bar(page):
    outside = page.locator("svg.drawing text.on").evaluate_all(
        """all => all.filter(text => {
          const [inner, outer] = [text, text.previousElementSibling].map(one => one.getBoundingClientRect());
          return inner.left < outer.left || inner.right > outer.right;
        }).map(text => text.textContent)"""
    )
    assert outside == []


def test_nothing_is_wider_than_the_window_but_what_scrolls(page):
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.evaluate(BOXES)
    assert [box["what"] for box in boxes if not box["scrolls"] and box["right"] > width] == []
    regions = page.locator(".scroll").evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
    assert max(regions) <= width


def test_all_text_can_be_told_from_its_background(page):
    assert [found for found in page.evaluate(CONTRASTS) if found[1] < 4.5] == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_keyboard_reaches_each_part_that_scrolls_and_shows_where_it_is(pages, show, scheme):
    page = show(pages["timeline"], 400, scheme)
    for name in ("drawing of prod/db", "table of prod/db"):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        assert focused.get_attribute("aria-label") == name
        outline, width = focused.evaluate(
            "one => [getComputedStyle(one).outlineStyle, parseFloat(getComputedStyle(one).outlineWidth)]"
        )
        assert (outline, width) == ("solid", 3)
        before = focused.evaluate("one => one.scrollLeft")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("start => document.activeElement.scrollLeft > start", arg=before)


def test_a_screen_reader_finds_the_drawing_the_table_and_their_names(pages, show):
    page = show(pages["timeline"])
    assert page.get_by_role("img", name="staging labels of prod/db", exact=True).count() == 1
    table = page.get_by_role("table", name="The calls about prod/db, and the labels of its versions")
    assert table.get_by_role("columnheader").all_inner_texts() == ["row", "call", "outcome", "v1", "v2", "v3"]
    assert table.get_by_role("rowheader", name="(seed)").count() == 1
    assert page.get_by_role("heading", level=1).all_inner_texts() == ["staging labels of prod/db"]


def test_light_and_dark_differ(pages, show):
    looks = [
        show(pages["timeline"], scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in SCHEMES
    ]
    assert looks == ["rgb(255, 255, 255)", "rgb(22, 24, 28)"]


def test_a_fragment_changes_nothing_else_on_its_page(pages, show):
    looks = """all => all.map(one => {
      const {color, font, margin, textAlign} = getComputedStyle(one);
      return [color, font, margin, textAlign];
    })"""
    with_picture = show(pages["notebook"], scheme="dark").locator("body > p").evaluate_all(looks)
    without = show("<!DOCTYPE html><title>n</title><body><p>before</p>", scheme="dark")
    assert with_picture == without.locator("body > p").evaluate_all(looks) * 2


def test_a_screen_reader_finds_the_picture_of_a_scenario_with_its_steps_and_rows(pages, show):
    page = show(pages["contract"])
    table = page.get_by_role("table", name="The calls in createSecret.twice, and the state after each of them")
    assert table.get_by_role("columnheader", name="createSecret, once more").count() == 1
    assert table.get_by_role("rowheader", name="AWSPENDING").count() == 1
    assert page.get_by_role("region", name="picture of createSecret.twice").count() == 1


def test_a_link_of_the_table_of_causes_leads_to_the_section(pages, show):
    page = show(pages["contract"])
    page.get_by_role("link", name="create-not-repeatable").click()
    assert page.evaluate("document.querySelector(':target').textContent") == "2. create-not-repeatable"


def test_the_names_of_the_rows_and_the_text_of_bars_stay_in_view_when_a_picture_scrolls(pages, show):
    page = show(pages["contract"], 400)
    region = page.get_by_role("region", name="picture of plain.three-times")
    places = """one => {
      one.scrollLeft = 300;
      const [name, bar] = ['th.name', 'td .bar.old .stay'].map(what => one.querySelector(`tbody ${what}`));
      const [frame, left, text] = [one, name, bar].map(it => it.getBoundingClientRect());
      const found = [left.left - frame.left, text.left - left.right, one.scrollLeft];
      one.scrollLeft = 0;
      return found;
    }"""
    name, text, scrolled = region.evaluate(places)
    assert scrolled > 0
    assert 0 <= name <= 2
    assert text >= 0


def test_one_click_selects_the_line_that_replays_a_scenario(pages, show):
    page = show(pages["contract"])
    line = page.locator("pre.replay").nth(1)
    line.click()
    assert page.evaluate("getSelection().toString().trim()") == line.inner_text().strip()
    assert "createSecret.twice" in line.inner_text()


def test_a_printed_report_has_the_folded_scenarios_and_no_part_that_scrolls(pages, show):
    page = show(pages["contract"], 1000)
    page.emulate_media(media="print")
    try:
        assert page.locator("details li").first.is_visible()
        assert (
            page.locator(".scroll").evaluate_all("all => all.map(one => getComputedStyle(one).overflowX)")
            == ["visible"] * page.locator(".scroll").count()
        )
    finally:
        page.emulate_media(media="screen")
