"""What a user may configure of a helper, with the defaults and limits of the real one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fake_secrets.suggestions import check_choice

__all__ = [
    "HELPERS",
    "AgentSettings",
    "ExtensionSettings",
    "Helper",
    "agent_settings",
    "check",
    "extension_settings",
]

Helper = Literal["agent", "extension"]

HELPERS: Mapping[str, str] = {
    "agent": "the AWS Secrets Manager Agent, also known as AWS Workload Credentials Provider",
    "extension": "the AWS Parameters and Secrets Lambda Extension",
}

_PORT = (0, 65_535)
# The options that are whole numbers, with the least and the greatest value [B: local-endpoints-facts 1.6, 2.4].
_RANGES: Mapping[str, Mapping[str, tuple[int, int | None]]] = {
    "agent": {"ttl": (0, 3600), "cache_size": (1, 1000), "max_roles": (1, 20), "max_conn": (1, 1000)},
    "extension": {"ttl": (0, 300), "cache_size": (0, 1000), "not_ready": (0, None)},
}
_TEXTS: Mapping[str, frozenset[str]] = {"agent": frozenset({"path_prefix"}), "extension": frozenset()}

_TTL = "SECRETS_MANAGER_TTL"
_TIMEOUT = "SECRETS_MANAGER_TIMEOUT_MILLIS"
_CACHE_SIZE = "PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE"
_CACHE_ENABLED = "PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED"
_SWITCHES: Mapping[str, bool] = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """The configuration of the agent.

    Args:
        ttl: for how many seconds a value is fresh.
        cache_size: how many values each of its caches keeps.
        max_roles: how many roles it assumes at most.
        max_conn: how many connections it has at most.
        path_prefix: what the paths of secrets begin with.
    """

    ttl: int = 300
    cache_size: int = 1000
    max_roles: int = 20
    max_conn: int = 800
    path_prefix: str = "/v1/"


@dataclass(frozen=True, slots=True)
class ExtensionSettings:
    """The configuration of the extension.

    Args:
        ttl: for how many seconds a value is fresh.
        cache_size: how many values the cache keeps; 0 for no cache.
        timeout: how many seconds it waits for Secrets Manager; None if it waits for ever.
        not_ready: how many requests it refuses before it is ready.
    """

    ttl: int = 300
    cache_size: int = 1000
    timeout: float | None = None
    not_ready: int = 0


def check(helper: object, port: object, options: Mapping[str, Any]) -> None:
    """Check what the author of a test has given.

    Args:
        helper: which helper.
        port: the port; 0 or None for a free one.
        options: the options that were given, by name.

    Raises:
        ValueError: if `port` isn't a port, or the helper doesn't take an option or its value.
        TypeError: if one has the wrong type.
    """
    check_choice("helper", helper, HELPERS)
    if port is not None:
        _check_number("port", port, *_PORT)
    helper = str(helper)
    ranges, texts = _RANGES[helper], _TEXTS[helper]
    for name, value in options.items():
        if name in ranges:
            _check_number(name, value, *ranges[name])
        elif name not in texts:
            others = "".join(f"\n- {other}" for other in ("port", *ranges, *sorted(texts)))
            msg = f"{name}={value!r} isn't an option of the {helper}. Its options are:{others}"
            raise ValueError(msg)
        elif not isinstance(value, str):
            msg = f"{name}={value!r} is a {type(value).__name__}, not a str"
            raise TypeError(msg)
        elif not value.startswith("/"):
            msg = f"{name}={value!r} doesn't begin with a slash, as the agent demands"
            raise ValueError(msg)


def agent_settings(options: Mapping[str, Any]) -> AgentSettings:
    """Return the configuration of the agent with some options, which were checked."""
    return AgentSettings(**options)


def extension_settings(options: Mapping[str, Any], environment: Mapping[str, str]) -> ExtensionSettings:
    """Return the configuration of the extension.

    Args:
        options: the options that were given. They were checked.
        environment: the variables, which say what no option does.

    Raises:
        ValueError: if a variable has a value that the extension doesn't document.
    """
    found: dict[str, Any] = {}
    ranges = _RANGES["extension"]
    if _TTL in environment:
        found["ttl"] = _number_in(environment, _TTL, *ranges["ttl"])
    if _CACHE_SIZE in environment:
        found["cache_size"] = _number_in(environment, _CACHE_SIZE, *ranges["cache_size"])
    if _TIMEOUT in environment:
        found["timeout"] = _number_in(environment, _TIMEOUT, 0, None) / 1000 or None
    if _CACHE_ENABLED in environment:
        is_enabled = environment[_CACHE_ENABLED].lower()
        check_choice(_CACHE_ENABLED, is_enabled, _SWITCHES.keys())
        if not _SWITCHES[is_enabled]:
            found["cache_size"] = 0
    return ExtensionSettings(**{**found, **options})


def _number_in(environment: Mapping[str, str], name: str, least: int, most: int | None) -> int:
    text = environment[name].strip()
    if not text.isascii() or not text.isdecimal() or not _is_within(int(text), least, most):
        msg = f"the variable {name}={environment[name]!r} isn't a whole number {_range(least, most)}"
        raise ValueError(msg)
    return int(text)


def _check_number(name: str, value: object, least: int, most: int | None) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        msg = f"{name}={value!r} is a {type(value).__name__}, not an int"
        raise TypeError(msg)
    if not _is_within(value, least, most):
        msg = f"{name}={value!r} isn't a number {_range(least, most)}"
        raise ValueError(msg)


def _is_within(value: int, least: int, most: int | None) -> bool:
    return least <= value and (most is None or value <= most)


def _range(least: int, most: int | None) -> str:
    return f"of at least {least}" if most is None else f"from {least} to {most}"
