"""What holds for every page: nothing inline, nothing from elsewhere, words in both languages."""

import hashlib
import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from conversations import catalogue
from web.pages import Headers

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "web", ROOT / "demo")  # each with `templates` and `static`
PAGES = (
    "/",
    "/demo",
    "/privasi",
    "/dokumen",
    "/izin",
    "/dokumen/IUMK-1",
    "/identitas/unknown",
    "/identitas/selesai",
    "/k/BCD234",
    "/k/x",
    "/kreditur/x",
    "/p/317405",
    "/p/x",
    "/tanda-tangan/unknown",
    "/tanda-tangan/selesai",
    "/tanda-tangan-surat/unknown",
    "/tanda-tangan-surat/selesai",
)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("locale", catalogue.LOCALES)
async def test_a_page_is_strict_about_what_it_loads(
    client: httpx.AsyncClient, path: str, locale: str
) -> None:
    page = await client.get(path, params={"lang": locale})
    assert f'<html lang="{locale}">' in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"\sstyle=|\son\w+=|javascript:|<style", page.text)
    for script in re.findall(r"<script[^>]*>", page.text):
        assert "src=" in script or 'type="application/json"' in script
    for link in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        file = await client.get(link.replace("&amp;", "&"))
        assert file.status_code == 200
        assert "immutable" in file.headers["cache-control"]


def test_every_word_that_a_template_asks_for_stands_in_the_catalogue() -> None:
    words = catalogue.load()
    asked = {
        f"pages.{key}"
        for folder in FOLDERS
        for template in (folder / "templates").glob("*.html")
        for key in re.findall(r"""\bt\(["']([\w.]+)["'][,)]""", template.read_text())
        if not key.endswith(".")
    }
    for script, name in (("demo.js", "WORDS"), ("place.js", "words")):
        keys = re.findall(rf"\b{name}\.(\w+)", (ROOT / "demo/static" / script).read_text())
        asked |= {f"pages.demo.js.{key}" for key in keys}
    assert asked
    assert [line for line in words.problems(asked) if "pages" in line] == []


def test_vendored_files_are_the_ones_that_are_listed() -> None:
    folder = ROOT / "demo/static/vendor"
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (folder / "VENDORED.md").read_text().splitlines()
        if line.startswith("| ") and not line.startswith("| file")
    ]
    listed = {row[0]: row[-1] for row in rows}
    assert listed == {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.iterdir()
        if file.name != "VENDORED.md"
    }


def test_no_script_of_ours_writes_html() -> None:
    for script in (file for folder in FOLDERS for file in (folder / "static").glob("*.js")):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", (script.read_text())
        )


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("http://evil.example/privasi", "/privasi"),
        ("https://izin.test/privasi?lang=en", "/privasi?lang=en"),
        ("//evil.example/x", "/x"),
        ("////evil.example", "/evil.example"),
        ("http://evil.example", "/"),
        ("http://evil.example//evil.example/x", "/evil.example/x"),
        ("/demo", "/demo"),
        ("/demo?a=1&b=%2F%2Fx", "/demo?a=1&b=%2F%2Fx"),
        ("/izin/IUMK-1?lang=id#x", "/izin/IUMK-1?lang=id#x"),
        ("?lang=en", "?lang=en"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("public_url", ["https://izin.test", "http://izin.test"])
async def test_a_redirect_leads_to_a_path_of_ours(
    location: str, path: str, public_url: str
) -> None:
    async def moved(request: Request) -> Response:
        return Response(status_code=307, headers={"Location": location})

    app = Starlette(
        routes=[Route("/", moved)], middleware=[Middleware(Headers, public_url=public_url)]
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://evil.example") as client:
        answer = await client.get("/")
    assert answer.headers["location"] == path
    secure = answer.headers.get("strict-transport-security")
    assert secure == ("max-age=31536000" if public_url.startswith("https") else None)
