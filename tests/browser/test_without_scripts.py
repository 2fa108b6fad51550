"""Reading, uploading, handing in and the report need no script."""

import io
import zipfile

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORKSPACE = "/quests/churn/features/"


def packed(files: dict[str, str]) -> bytes:
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return blob.getvalue()


def start(page: Page) -> None:
    page.goto("/quests/churn/")
    if page.locator("form.start").count():
        page.click("form.start button")
    page.goto(WORKSPACE)


def upload(page: Page, files: dict[str, str]) -> None:
    page.goto(f"{WORKSPACE}?tab=files")
    page.get_by_text("Upload or download a zip").click()
    page.set_input_files(
        "#zip", {"name": "project.zip", "mimeType": "application/zip", "buffer": packed(files)}
    )
    page.get_by_role("button", name="Upload", exact=True).click()


def test_a_zip_is_handed_in_and_its_report_read(open_as: Open) -> None:
    page = open_as("author", java_script_enabled=False)
    start(page)
    upload(page, {"sql/features.sql": "SELECT user_id FROM users\n", "churn/__init__.py": ""})
    expect(page.get_by_text("what the zip holds")).to_be_visible()
    page.get_by_role("button", name="Hand in").click()
    page.wait_for_url("**/attempts/**")
    for _ in range(120):
        if page.locator(".verdict").count():
            break
        page.wait_for_timeout(500)
        page.get_by_role("link", name="Refresh").click()
    expect(page.locator(".verdict h1")).to_be_visible()
    expect(page.get_by_text("Fix this first").first).to_be_visible()


def test_a_file_is_edited_in_a_plain_form(open_as: Open) -> None:
    page = open_as("author", java_script_enabled=False)
    start(page)
    page.fill("#code", "SELECT 2 AS user_id\n")
    page.get_by_role("button", name="Save the file").click()
    expect(page.get_by_text("is saved")).to_be_visible()
    assert page.input_value("#code").strip() == "SELECT 2 AS user_id"


def test_a_bad_zip_is_refused_in_one_sentence(open_as: Open) -> None:
    page = open_as("author", java_script_enabled=False)
    start(page)
    upload(page, {"../outside.py": "x = 1\n"})
    refusal = page.locator(".messages .note")
    expect(refusal).to_have_attribute("data-status", "failed")
    expect(refusal).to_contain_text("outside")


def test_a_file_that_does_not_parse_uses_no_attempt(open_as: Open) -> None:
    page = open_as("author", java_script_enabled=False)
    start(page)
    upload(page, {"sql/features.sql": "SELECT 1\n", "churn/broken.py": "def f(:\n"})
    page.get_by_role("button", name="Hand in").click()
    page.wait_for_url(f"**{WORKSPACE}**")
    expect(page.locator(".messages .note")).to_contain_text("churn/broken.py")
