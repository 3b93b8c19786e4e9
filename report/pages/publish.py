"""Names and times of pages."""

from collections.abc import Mapping
from datetime import UTC, datetime

from quadnet.errors import ConfigurationError

from ..record import manifest

PAGES = {"html": "report.html", "pdf": "report.pdf"}
_DEFAULT_TIME = 946_684_800  # 2000-01-01, stated in the pages where SOURCE_DATE_EPOCH is not set
_LATEST_TIME = 253_402_300_799  # the end of the year 9999


def page_time(environment: Mapping[str, str]) -> str:
    """The time that pages state, ISO 8601 in UTC: SOURCE_DATE_EPOCH, or a fixed one, never the clock's.

    Raises:
        ConfigurationError: SOURCE_DATE_EPOCH is no whole number of seconds since 1970, up to the year 9999.
    """
    text = environment.get("SOURCE_DATE_EPOCH", str(_DEFAULT_TIME))
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text) <= _LATEST_TIME):
        raise ConfigurationError(
            f"SOURCE_DATE_EPOCH = {text!r} is not allowed: a whole number of seconds since 1970, or unset"
        )
    return datetime.fromtimestamp(int(text), UTC).strftime(manifest.TIME)
