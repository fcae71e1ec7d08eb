"""The workers' settings: common ones, the issuer of permits, and retention times."""

from dataclasses import dataclass
from datetime import timedelta

from models.infrastructure import settings
from models.infrastructure.settings import setting, text, whole_number


@dataclass(frozen=True, slots=True)
class Kept:
    """Retention times of closed rows."""

    messages: timedelta = timedelta(days=90)  # people's own words: as the privacy page says
    #: Since the last message from a lasting WhatsApp user id: as the privacy page says.
    aliases: timedelta = timedelta(days=2 * 365)
    audit: timedelta = timedelta(days=6 * 365)  # five years of a permit, and one to contest it


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(settings.Settings):
    """Settings of workers and dispatchers.

    Without an office and a signer, permits are samples with CONTOH across the sheet.
    """

    permit_office: str | None = setting(
        text, example="Unit Pelayanan Terpadu Satu Pintu Kota Jakarta Selatan", optional=True
    )
    permit_signer: str | None = setting(text, example="Kepala Unit Pelayanan", optional=True)

    #: At most what the privacy page promises; at least long enough to dedupe news.
    messages_kept_days: int = setting(whole_number(31, 90), example="90", default="90")
    audit_kept_days: int = setting(whole_number(365, 36_500), example="2190", default="2190")

    @property
    def kept(self) -> Kept:
        """The retention times of closed rows."""
        return Kept(
            messages=timedelta(days=self.messages_kept_days),
            audit=timedelta(days=self.audit_kept_days),
        )
