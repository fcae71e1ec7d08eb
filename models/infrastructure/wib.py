"""Jakarta's time."""

from datetime import timedelta, timezone

WIB = timezone(timedelta(hours=7), "WIB")  # no summer time
