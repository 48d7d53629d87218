"""The browser that looks at our pages."""

import os
import shutil

import pytest

try:
    from playwright import sync_api
except ImportError:
    sync_api = None


def playwright_and_chromium():
    """Return Playwright's module and the path of a browser, or skip the module that asks.

    Where FAKE_SECRETS_BROWSER is "required", what lacks is an error.
    """
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    lacks = [what for what, found in (("playwright", sync_api), ("chromium", browser)) if found is None]
    if lacks:
        reason = f"{' and '.join(lacks)} must be installed, such as with pip install '.[browser]' and apt-get"
        if os.environ.get("FAKE_SECRETS_BROWSER") == "required":
            raise RuntimeError(reason)
        pytest.skip(reason, allow_module_level=True)
    return sync_api, browser
