"""Twilio's deliveries as they come: what each is heard as, and which are not Twilio's."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from starlette.datastructures import Headers

from bot.channels.base import InboundMessage, Media
from bot.channels.whatsapp.updates import Report, Signature, fields, read, read_report
from bot.errors import Forged, Malformed
from conversations.events import Event, Located, Said, Started, Tapped, Unreadable, Uploaded
from tests.providers.twilio_api import ACCOUNT, TOKEN, sign

SID = "SM" + "1" * 32
PHONE = "+6281234567890"
BSUID = "ID.4566789012"
MEDIA = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME"

BEGINNING = (
    f"SmsMessageSid={SID}&NumMedia={{media}}&ProfileName=Siti+%F0%9F%8C%B8&SmsSid={SID}"
    "&WaId=6281234567890&SmsStatus=received&To=whatsapp%3A%2B628001234567&NumSegments=1"
    f"&ReferralNumMedia=0&MessageSid={SID}&AccountSid={ACCOUNT}&From=whatsapp%3A%2B6281234567890"
    f"&ExternalUserId=whatsapp%3A{BSUID}&ApiVersion=2010-04-01"
    "&ChannelMetadata=%7B%22type%22%3A%22whatsapp%22%7D&BaruDariTwilio=1&"
)


def body(rest: str, media: int = 0) -> bytes:
    return (BEGINNING.format(media=media) + rest).encode()


def file(number: int, kind: str) -> str:
    return f"MediaUrl{number}={MEDIA}{number}&MediaContentType{number}={kind}"


ONE: dict[str, tuple[bytes, Event, Media | None]] = {
    "words": (body("Body=nasi+uduk&MessageType=text"), Said("nasi uduk"), None),
    "a number, which the conversation reads": (body("Body=2&MessageType=text"), Said("2"), None),
    "words in any script": (
        body("Body=%E0%B2%A8%E0%B2%AE%F0%9F%8F%A0&MessageType=text"),
        Said("ನಮ🏠"),
        None,
    ),
    "the first message of a link": (body("Body=%2Fstart+join-abc"), Started("join-abc"), None),
    "a quick reply": (
        body(
            "Body=Di+rumah&MessageType=interactive&ButtonText=Di+rumah"
            "&ButtonPayload=business_permit%7C%7Cpremises%7C7%7Chome"
            "&OriginalRepliedMessageSid=SM2"
        ),
        Tapped("business_permit", "", "premises", 7, "home"),
        None,
    ),
    "an item of a list": (
        body(
            "Body=Nasi+uduk&MessageType=interactive&ListTitle=Nasi+uduk"
            "&ListId=business_permit%7C%7Ctrade%7C3%7C56103"
        ),
        Tapped("business_permit", "", "trade", 3, "56103"),
        None,
    ),
    "a button of a template": (
        body("Body=Lihat+status&MessageType=button&ButtonText=Lihat+status&ButtonPayload=status"),
        Said("Lihat status"),
        None,
    ),
    "a button that says nothing": (
        body("Body=&MessageType=interactive&ButtonPayload=%7B%22v%22%3A1%7D"),
        Tapped("", "", "", 0, ""),
        None,
    ),
    "a location, whose body is empty": (
        body("Body=&Latitude=-6.2706&Longitude=106.8023&MessageType=location"),
        Located(-6.2706, 106.8023),
        None,
    ),
    "a place with a name": (
        body("Body=&Latitude=-6.2&Longitude=106.8&Label=Pasar&Address=Jl.+Damai"),
        Located(-6.2, 106.8),
        None,
    ),
    "a photo with words": (
        body(f"Body=depan&MessageType=image&{file(0, 'image%2Fjpeg')}", 1),
        Uploaded(0, "photo", "depan"),
        Media(f"{MEDIA}0", "photo"),
    ),
    "a picture sent as a file": (
        body(f"Body=&MessageType=document&{file(0, 'image%2Fpng')}", 1),
        Uploaded(0, "document"),
        Media(f"{MEDIA}0", "document"),
    ),
    "a paper": (
        body(f"Body=KTP.pdf&MessageType=document&{file(0, 'case%2Fpdf')}", 1),
        Uploaded(0, "document", "KTP.pdf"),
        Media(f"{MEDIA}0", "document"),
    ),
    "a voice message": (
        body(f"Body=&MessageType=audio&{file(0, 'audio%2Fogg')}", 1),
        Uploaded(0, "voice"),
        Media(f"{MEDIA}0", "voice"),
    ),
    "a video": (
        body(f"Body=&MessageType=video&{file(0, 'video%2Fmp4')}", 1),
        Unreadable("video"),
        None,
    ),
    "a sticker": (
        body(f"Body=&MessageType=sticker&{file(0, 'image%2Fwebp')}", 1),
        Unreadable("sticker"),
        None,
    ),
    "a contact": (
        body(f"Body=&MessageType=contacts&{file(0, 'text%2Fvcard')}", 1),
        Unreadable("contact"),
        None,
    ),
    "a reaction": (body("Body=%F0%9F%91%8D&MessageType=reaction"), Unreadable("reaction"), None),
    "something of tomorrow": (body("Body=&MessageType=hologram"), Unreadable("hologram"), None),
    "nothing at all": (body("Body="), Unreadable("unknown"), None),
}


@pytest.mark.parametrize("label", ONE)
def test_a_message_is_heard_so(label: str) -> None:
    raw, event, media = ONE[label]
    assert read(fields(raw)) == [InboundMessage("whatsapp", PHONE, SID, event, media, alias=BSUID)]


def test_several_photos_are_several_deliveries_and_the_words_go_with_the_first() -> None:
    raw = body("Body=warung&" + "&".join(file(n, "image%2Fjpeg") for n in range(3)), 3)
    heard = read(fields(raw))
    assert [one.provider_id for one in heard] == [f"{SID}:{number}" for number in range(3)]
    assert [one.event for one in heard] == [
        Uploaded(0, "photo", "warung"),
        Uploaded(0, "photo"),
        Uploaded(0, "photo"),
    ]
    assert [one.media and one.media.reference for one in heard] == [f"{MEDIA}{n}" for n in range(3)]


def test_who_hides_their_number_is_named_by_their_id() -> None:
    form = {"MessageSid": SID, "From": f"whatsapp:{BSUID}", "WaId": "", "Body": "Halo"}
    assert read(form) == [InboundMessage("whatsapp", BSUID, SID, Said("Halo"))]
    told_twice = {**form, "ExternalUserId": f"whatsapp:{BSUID}"}
    assert read(told_twice) == read(form)


def test_an_sms_to_the_same_number_is_nothing() -> None:
    assert read({"MessageSid": SID, "From": PHONE, "Body": "Halo"}) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"From": ""},
        {"MessageSid": ""},
        {"NumMedia": "-1"},
        {"NumMedia": "1"},
        {"Latitude": "x", "Longitude": "1"},
        {"Latitude": "91", "Longitude": "1"},
        {"Latitude": "nan", "Longitude": "1"},
    ],
    ids=str,
)
def test_what_twilio_does_not_send_is_malformed(wrong: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        read({"MessageSid": SID, "From": f"whatsapp:{PHONE}", "Body": "", **wrong})


@pytest.mark.parametrize("raw", [b"\xff\xfe=1", b"kosong", b"a=1&" * 1000], ids=len)
def test_what_is_no_form_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        fields(raw)


# Reports

REPORTS = {
    "it was sent": ({"MessageStatus": "sent"}, Report(81, SID, "sent", None)),
    "it failed": (
        {"MessageStatus": "failed", "ErrorCode": "63016"},
        Report(81, SID, "failed", 63016),
    ),
    "it was read": ({"EventType": "READ"}, Report(81, SID, "read", None)),
    "as for an SMS": ({"SmsStatus": "delivered"}, Report(81, SID, "delivered", None)),
}


@pytest.mark.parametrize("label", REPORTS)
def test_a_report_is_read_so(label: str) -> None:
    form, expected = REPORTS[label]
    assert read_report("81", {"MessageSid": SID, **form}) == expected


@pytest.mark.parametrize("letter", ["", "x", "-1", "9" * 19])
def test_a_report_on_no_message_is_malformed(letter: str) -> None:
    with pytest.raises(Malformed):
        read_report(letter, {"MessageSid": SID, "MessageStatus": "sent"})


# Signatures

PUBLIC = "https://izin.example.go.id"
PATH = "/webhooks/whatsapp/status?letter=81"
FORM = {"Body": "", "From": f"whatsapp:{PHONE}", "Baru": "ya", "ProfileName": "Siti Äé"}


def check(
    given: dict[str, str], form: dict[str, str] = FORM, path: str = PATH, key: str | None = None
) -> None:
    signature = Signature(f"{PUBLIC}/", auth_token=TOKEN, shared_key=key)
    signature.check(path, fields(urlencode(form).encode()), Headers(given))


def test_twilios_signature_is_over_the_public_address_and_every_field() -> None:
    check({"x-twilio-signature": sign(PUBLIC + PATH, FORM), "host": "10.0.0.5:8000"})


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"x-twilio-signature": ""},
        {"x-twilio-signature": "é"},
        {"x-twilio-signature": sign(PUBLIC + PATH, {**FORM, "Body": "x"})},
        {"x-twilio-signature": sign(PUBLIC + PATH, FORM, key="another")},
        {"x-twilio-signature": sign(f"{PUBLIC}/webhooks/whatsapp/status?letter=82", FORM)},
        {
            "x-twilio-signature": sign(f"https://evil.example{PATH}", FORM),
            "x-forwarded-host": "evil.example",
            "host": "evil.example",
        },
    ],
    ids=["none", "empty", "no ASCII", "other words", "other token", "other letter", "other host"],
)
def test_anything_else_is_forged(given: dict[str, str]) -> None:
    with pytest.raises(Forged):
        check(given)


def test_a_shared_key_signs_in_sha256_and_only_if_we_have_it() -> None:
    settings = {"x-twilio-webhooks-signature-settings": "key=k1,algorithm=HMAC_SHA256"}
    shared = sign(PUBLIC + PATH, FORM, key="shared-secret", digest="sha256")
    check({"x-twilio-signature": shared, **settings}, key="shared-secret")
    with pytest.raises(Forged, match="TWILIO_SHARED_KEY"):
        check({"x-twilio-signature": shared, **settings})
    with pytest.raises(Forged):  # said to be signed by the account's token
        check({"x-twilio-signature": shared}, key="shared-secret")
    unknown = {"x-twilio-webhooks-signature-settings": "algorithm=NONE"}
    with pytest.raises(Forged):
        check({"x-twilio-signature": "", **unknown}, key="shared-secret")
