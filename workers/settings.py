"""The workers' settings: what every process needs, who issues permits, how long rows are kept."""

from dataclasses import dataclass
from datetime import timedelta

from models.infrastructure import settings
from models.infrastructure.settings import setting, text, whole_number


@dataclass(frozen=True, slots=True)
class Kept:
    """For how long rows are kept that are closed and have served."""

    messages: timedelta = timedelta(days=90)  # as the privacy page says: people's own words
    #: Since somebody was last heard who is known to WhatsApp by a lasting name: as the page says.
    aliases: timedelta = timedelta(days=2 * 365)
    audit: timedelta = timedelta(days=6 * 365)  # the five years of a permit, and one to contest it


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(settings.Settings):
    """Settings of workers and dispatchers; while office or signer is not named, permits are
    samples.

    A sample says CONTOH across the sheet.
    """

    permit_office: str | None = setting(
        text, example="Unit Pelayanan Terpadu Satu Pintu Kota Jakarta Selatan", optional=True
    )
    permit_signer: str | None = setting(text, example="Kepala Unit Pelayanan", optional=True)

    #: Not longer than the privacy page promises; not so short that news could be told twice.
    messages_kept_days: int = setting(whole_number(31, 90), example="90", default="90")
    audit_kept_days: int = setting(whole_number(365, 36_500), example="2190", default="2190")

    @property
    def kept(self) -> Kept:
        """For how long rows are kept that are closed and have served."""
        return Kept(
            messages=timedelta(days=self.messages_kept_days),
            audit=timedelta(days=self.audit_kept_days),
        )
