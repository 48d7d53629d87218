"""The ini option `fake_secrets_region`, which gives a region to the clients that modules make on import."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

import pytest

from fake_secrets.options import check_region

__all__ = ["REGION", "set_default_region"]

REGION = "fake_secrets_region"

_VARIABLE = "AWS_DEFAULT_REGION"


def set_default_region(config: pytest.Config) -> None:
    """Set AWS_DEFAULT_REGION for the run, if the ini option asks for it and nothing else gives a region.

    Raises:
        UsageError: if the option's value isn't a region.
    """
    region = config.getini(REGION)
    if not region:
        return
    try:
        check_region(region)
    except ValueError as error:
        msg = f"{REGION} must be a region, such as us-east-1, not {region!r}"
        raise pytest.UsageError(msg) from error
    if os.environ.get(_VARIABLE) or os.environ.get("AWS_REGION") or _has_profile_a_region():
        return
    found = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = region
    config.add_cleanup(lambda: _restore(region, found))


def _restore(region: str, found: str | None) -> None:
    """Put the variable back, unless somebody else has changed it."""
    if os.environ.get(_VARIABLE) != region:
        return
    if found is None:
        del os.environ[_VARIABLE]
    else:
        os.environ[_VARIABLE] = found


def _has_profile_a_region() -> bool:
    """Return whether the active profile has a region. It is read without botocore, whose import takes long."""
    profile = os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE") or "default"
    sections = [f"profile {profile}", *(["default"] if profile == "default" else [])]
    return _has_region(os.environ.get("AWS_CONFIG_FILE", "~/.aws/config"), sections) or _has_region(
        os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"), [profile]
    )


def _has_region(path: str, sections: list[str]) -> bool:
    # botocore reads such files likewise, and ignores a section it doesn't know.
    parser = configparser.RawConfigParser(default_section="", strict=False)
    try:
        parser.read(Path(os.path.expandvars(path)).expanduser(), encoding="utf-8")
    except (configparser.Error, OSError, RuntimeError, UnicodeDecodeError):
        return False
    return any(parser.get(section, "region", fallback="") for section in sections)
