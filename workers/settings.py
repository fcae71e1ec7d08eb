"""The workers' settings: what every process needs, and who issues the permits."""

from dataclasses import dataclass

from models import settings
from models.settings import setting, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(settings.Settings):
    """What workers and dispatchers need; while office or signer is not named, permits are samples.

    A sample says CONTOH across the sheet.
    """

    permit_office: str | None = setting(
        text, example="Unit Pelayanan Terpadu Satu Pintu Kota Jakarta Selatan", optional=True
    )
    permit_signer: str | None = setting(text, example="Kepala Unit Pelayanan", optional=True)
