"""Intents by what comes of them: answered beside the question, at once, or only politely."""

from __future__ import annotations

from conversations.phrases import Intent

#: Intents that come before an answer with the same words: "ga punya foto" is no sum of nothing.
FIRST = frozenset(
    {
        Intent.NO_PHOTO,
        Intent.NO_CALL,
        Intent.NO_QUOTA,
        Intent.GO_ON,
        Intent.ELSEWHERE,
        Intent.DISSATISFIED,
        Intent.CODE_GIVEN,
        Intent.RETALIATION,
        Intent.WITHDRAWS,
        Intent.STORY_LATER,
        Intent.HOPELESS,
        Intent.VOICE,
        Intent.NO_LOCATION,
        Intent.PLAIN_PHONE,
        Intent.BORROWED_PHONE,
        Intent.COME_TO_ME,
        Intent.BY_MYSELF,
    }
)
#: Intents that are answered at any point; the open question follows.
DIGRESSIONS = FIRST | frozenset(
    {
        Intent.COST,
        Intent.FEAR,
        Intent.DOUBT,
        Intent.COMPLAINT,
        Intent.BANTUAN_MONEY,
        Intent.RESCHEDULE,
        Intent.ROBOT,
        Intent.WHERE_IS_OFFICER,
        Intent.CODE_AGAIN,
        Intent.RESEND_PERMIT,
        Intent.RENEW,
        Intent.CHANGE_AFTER_PERMIT,
        Intent.CLOSE_BUSINESS,
        Intent.REFERRAL,
        Intent.COOPERATIVE,
        Intent.CREDIT,
        Intent.EMERGENCY,
        Intent.DISTRESS,
        Intent.PRIVACY,
        Intent.OFFICE,
        Intent.OTHER_AUTHORITY,
        Intent.WHAT_FOR,
        Intent.WHO_ARE_YOU,
        Intent.ABUSE,
        Intent.KEEP_CODE,
        Intent.REQUIREMENTS,
        Intent.HOW_LONG,
        Intent.QUESTION,
        Intent.TIRED,
        Intent.OFFICER_LOOKS,
        Intent.NOT_HANDED,
        Intent.SEIZED,
        Intent.TERM,
    }
)
#: Matters of other offices and services, unless a service that is offered goes by that name.
OF_OTHERS = frozenset({Intent.OTHER_AUTHORITY, Intent.COOPERATIVE, Intent.CREDIT})
#: Intents that no answer to a question outweighs.
URGENT = frozenset({Intent.EMERGENCY, Intent.DISTRESS})
#: Parts of other intents that do so too.
FIRST_PARTS = frozenset(
    {
        "silent",
        "unlicensed",
        "evicted",
        "night",
        "land",
        "ktp",
        "number",
        "door",
        "unproved",
        "undo",
        "violence",
    }
)
#: Intents that short words raise even where a story is told.
BESIDE_STORY = frozenset(
    {
        Intent.NO_CALL,
        Intent.ELSEWHERE,
        Intent.RETALIATION,
        Intent.WITHDRAWS,
        Intent.HOPELESS,
        Intent.VOICE,
    }
)
#: Intents of people who are afraid or angry, whose words hold facts only by chance.
UPSET = frozenset(
    {
        Intent.FEAR,
        Intent.DOUBT,
        Intent.ABUSE,
        Intent.ELSEWHERE,
        Intent.DISSATISFIED,
        Intent.CODE_GIVEN,
        Intent.RETALIATION,
        Intent.WITHDRAWS,
        Intent.STORY_LATER,
        Intent.HOPELESS,
    }
)
#: Intents that need only a polite reply.
COURTEOUS = frozenset({Intent.GREETING, Intent.THANKS})
#: Intents of questions about the service, which may be about its open question: "setuju apa saja?".
ABOUT_US = frozenset({Intent.WHAT_FOR, Intent.REQUIREMENTS, Intent.QUESTION})
