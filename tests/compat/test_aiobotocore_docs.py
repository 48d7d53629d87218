"""The page of the documentation about aiobotocore, run where aiobotocore is installed."""

import pytest

pytest.importorskip("aiobotocore")
pytest.importorskip("sybil")

import doc_pages


def test_the_page_does_what_it_says(pytester, monkeypatch):
    doc_pages.run(doc_pages.read(doc_pages.DOCS / "how-to" / "aiobotocore.md"), pytester, monkeypatch)
