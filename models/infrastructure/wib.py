"""Jakarta's time zone."""

from datetime import timedelta, timezone

WIB = timezone(timedelta(hours=7), "WIB")  # no daylight saving time
