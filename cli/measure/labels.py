"""Labels: what a reply answers, by the keys of its sentences."""

from __future__ import annotations

from collections.abc import Collection

from cli.measure.played import Played

FORM = "complaint."  # before the key of a sentence in the words of a complaint
FORMS = "referral."  # before the key of a question, which answers no matter

#: Sentences of the reply -> the label of the matter that they answer.
MATTERS = {
    "common.complaint": "complaint",
    "complaint.officer": "complaint",
    "complaint.what": "complaint",
    "common.erase.what": "privacy",
    "common.my_data": "privacy",
    "common.no_permit": "resend_permit",
    "my_requests.show": "status",
    "notices.caller.matter.renew": "renew",
    "notices.caller.matter.change": "change_after_permit",
    "notices.caller.matter.close": "close_business",
    "common.referral": "referral",
    "referral.purpose": "referral",
    "notices.caller.matter.cooperative": "cooperative",
    "common.credit": "credit",
    "credit_relaxation.consent": "credit",
}
#: Intents with another name than their label.
NAMES = {
    "robot": "is_this_a_robot",
    "doubt": "is_this_real",
    "fear": "tax_fear",
    "no_visit": "where_is_officer",
    "no_code": "code_again",
    "seized": "tax_fear",
}
_LABELS = """
    is_this_a_robot is_this_real tax_fear where_is_officer code_again complaint renew cost
    office change_after_permit close_business referral cooperative credit emergency distress
    privacy other_authority what_for who_are_you abuse bantuan_money thanks reschedule
    keep_code requirements how_long question tired officer_looks not_handed term
    elsewhere dissatisfied code_given retaliation withdraws story_later hopeless voice
    no_location plain_phone borrowed_phone no_photo no_call no_quota stay_away afraid silent
    violence unlicensed own_number door
"""
LABELS = frozenset(_LABELS.split())

#: Sentences of a reply to staff -> the matter that they answer.
AT_DESK = {
    "rounds_desk.no_code": "no_code",
    "rounds_desk.absence": "absence",
    "rounds_desk.gift": "gift",
    "rounds_desk.ktp_differs": "ktp_differs",
    "rounds_desk.left": "left",
    "rounds_desk.own_hours": "own_hours",
    "rounds_desk.no_photo": "no_photo",
    "own_portrait.photo": "portrait",
    "rounds_desk.not_left": "not_left",
    "rounds_desk.other_time": "other_time",
    "rounds_desk.which_days": "absence",
    "rounds_desk.whose_code": "whose_code",
    "rounds_desk.place": "place",
    "rounds_desk.lost": "lost",
    "rounds_desk.next": "next",
    "rounds_desk.late": "late",
    "rounds_desk.how_late": "late",
    "rounds_desk.wrong_code": "wrong_code",
    "rounds_desk.fail.nobody": "nobody",
    "rounds_desk.fail.not_found": "not_found",
    "rounds_desk.fail.refused": "refused",
    "rounds_desk.give_away": "give_away",
    "rounds_desk.hindered.breakdown": "breakdown",
    "rounds_desk.hindered.weather": "weather",
}
#: Questions of a visit that are opened -> the matters that open them.
AT_VISIT = {
    "depart": {"depart", "next"},
    "offer": {"accept"},
    "declined": {"decline", "not_my_area"},
}
CONCERN = "rounds_desk.concern."
#: Concerns with another name than the matter that raises them.
CONCERNS = {
    "call_owner": "phone",
    "code": "wrong_code",
    "complaint_above": "complaint",
    "ktp": "ktp_missing",
    "licensed": "has_nib",
    "owner_died": "closed",
    "trade": "trade_changed",
}


#: Answers that are one part of a matter -> the label of the part.
PARTS = {
    "common.intent.emergency.violence": "violence",
    "common.intent.fear.unlicensed": "unlicensed",
    "referral.any_time.cleared": "tax_fear",
    "referral.any_time.own": "own_stall",
    "referral.purpose.complaint.end": "accusation",
    "referral.any_time.reward": "reward",
    "referral.any_time.who": "reporter",
    "common.intent.privacy.number": "own_number",
    "common.intent.doubt.door": "door",
    "common.intent.status.silent": "silent",
    "common.intent.cancel.afraid": "afraid",
    "common.intent.reschedule.none": "stay_away",
    "common.stay_away": "stay_away",
    "common.stay_away.on_the_way": "stay_away",
    "objection.words": "dissatisfied",
    "common.waiting.wait": "waiting",
    "common.waiting.hurry": "waiting",
}


def of(keys: Collection[str]) -> set[str]:
    """Return the labels of the matters that these sentences answer."""
    said = {key.removeprefix(FORM) if "common." in key else key for key in keys}
    own = {key for key in said if "." in key and not key.startswith(FORMS)}
    answered = {key.removeprefix("common.intent.") for key in own}
    got = {NAMES.get(key, key) for key in (one.partition(".")[0] for one in answered)}
    got &= LABELS
    got |= {MATTERS[key] for key in said if key in MATTERS}
    return got | {PARTS[key] for key in said if key in PARTS}


def of_name(played: Played) -> set[str]:
    """Return whether words at the question for a name are one, and which is kept or asked back."""
    kept, shown = played.answers.get("owner_name"), played.turn.session.shown
    if kept is not None:
        return {"name", f"name={kept}"}
    return {"name", "asked_back", f"name={shown[0].answer}"} if played.asks_back else {"not_a_name"}
