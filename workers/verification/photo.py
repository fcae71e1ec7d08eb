"""Can anything be seen on the photos of the place, and are they the owner's own?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.finding import Finding, Outcome
from models.infrastructure import pictures
from workers.verification.evidence import Evidence

NAME = "photo"
STEP = "place_photo"

PHOTO_SEEN_ELSEWHERE = "photo_seen_elsewhere"
PHOTO_UNREADABLE = "photo_unreadable"
PHOTO_TOO_LARGE = "photo_too_large"
PHOTO_TOO_SMALL = "photo_too_small"
PHOTO_TOO_DARK = "photo_too_dark"
PHOTO_TOO_BRIGHT = "photo_too_bright"
PHOTO_BLURRED = "photo_blurred"
FAULTS = (  # worst first: the owner is told the fault of the best photo
    PHOTO_UNREADABLE,
    PHOTO_TOO_LARGE,
    PHOTO_TOO_SMALL,
    PHOTO_TOO_DARK,
    PHOTO_TOO_BRIGHT,
    PHOTO_BLURRED,
)
REASONS = frozenset({PHOTO_SEEN_ELSEWHERE, *FAULTS})

MIN_SIDE = 400  # pixels: the photos of old phones (640 x 480) pass, previews (320) do not
WIDTH = 1000  # pixels at which sharpness is measured
DARK = 40  # of 255: nine tenths of the picture are darker
BRIGHT = 225  # of 255: nine tenths of the picture are brighter
# Variance of the Laplacian at WIDTH, measured on drawn street scenes: sharp 415-1,200, a third of
# the light 59, Gaussian blur of 1 px 44-70, 2 px 8-12, 3 px 3-4. Reading a KTP needs 25;
# recognizing a stall needs less. Strong noise hides blur: the officer has to notice it.
SHARP = 15.0


def check(evidence: Evidence) -> Finding:
    """Require one usable photo of those sent, and none that is in another person's case.

    Without a photo all is well: the officer sees the place.
    """
    photos = evidence.photos
    if not photos:
        return Finding(NAME, Outcome.OK)
    if any(photo.seen_in for photo in photos):
        return Finding(NAME, Outcome.NEEDS_A_PERSON, PHOTO_SEEN_ELSEWHERE)
    nearest = -1
    for photo in photos:
        found = fault(photo.content)
        if found is None:
            return Finding(NAME, Outcome.OK)
        nearest = max(nearest, FAULTS.index(found))
    return Finding(NAME, Outcome.FIX_BY_OWNER, FAULTS[nearest], STEP, {"count": len(photos)})


def fault(content: bytes) -> str | None:
    """Return the fault that makes a picture unusable: one of FAULTS, or None."""
    try:
        size, grey = _decode(content)
    except pictures.TooLarge:
        return PHOTO_TOO_LARGE
    except pictures.Unreadable:
        return PHOTO_UNREADABLE
    if min(size) < MIN_SIDE:
        return PHOTO_TOO_SMALL
    if np.percentile(grey, 90) < DARK:
        return PHOTO_TOO_DARK
    if np.percentile(grey, 10) > BRIGHT:
        return PHOTO_TOO_BRIGHT
    if sharpness(grey) < SHARP:
        return PHOTO_BLURRED
    return None


def sharpness(grey: NDArray[np.float32]) -> float:
    """Return the variance of the Laplacian: small when the picture has no sharp edges."""
    centre = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float(np.var(around - 4 * centre))


def _decode(content: bytes) -> tuple[tuple[int, int], NDArray[np.float32]]:
    """Return the picture's full size, and its upright luminance (0-255), at most WIDTH x 3 WIDTH.

    Raises:
        pictures.TooLarge, pictures.Unreadable.
    """
    picture = pictures.read(content, "L", (WIDTH, 3 * WIDTH), resample=Image.Resampling.BOX)
    return picture.size, np.asarray(picture.image, dtype=np.float32)
