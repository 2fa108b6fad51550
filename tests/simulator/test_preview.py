"""The preview as an author opens it: pages of the site, all messages, and a reload on save."""

import http.cookiejar
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox import runtimes
from simulator.serving.private import free_port
from tests.needs import need

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120
Get = Callable[[str], str]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def quest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    below = tmp_path_factory.mktemp("quests")
    command = [sys.executable, "-m", "simulator.cli", "new", "late-parcels", "--below", str(below)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return below / "late_parcels"


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads one preview's pages, and keeps their cookies."""

    address: str
    opener: urllib.request.OpenerDirector
    jar: http.cookiejar.CookieJar

    def __call__(self, path: str) -> str:
        with self.opener.open(f"{self.address}{path}", timeout=60) as answer:
            body: bytes = answer.read()
            return body.decode()

    def hand_in(self, path: str) -> str:
        """Post the form of a workspace; the address of the attempt."""
        token = next(cookie.value for cookie in self.jar if cookie.name == "csrftoken")
        form = urllib.parse.urlencode({"csrfmiddlewaretoken": token}).encode()
        with self.opener.open(f"{self.address}{path}hand-in", data=form, timeout=60) as answer:
            return urllib.parse.urlsplit(str(answer.url)).path

    def until(self, path: str, line: bytes) -> None:
        """Follow a stream until it says a line."""
        with self.opener.open(f"{self.address}{path}", timeout=60) as stream:
            assert any(said.strip() == line for said in stream)


@pytest.fixture(scope="module")
def get(quest: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    with previewed(quest, tmp_path_factory.mktemp("home")) as reader:
        yield reader


@contextmanager
def previewed(quest: Path, home: Path, *options: str) -> Iterator[Reader]:
    """A preview that ends with the block, and its reader."""
    port = free_port()
    command = [sys.executable, "-m", "simulator.cli", "preview", str(quest), *options]
    command += ["--port", str(port), "--home", str(home)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    read = Reader(address=f"http://127.0.0.1:{port}", opener=opener, jar=jar)
    try:
        _await(read, process)
        yield read
    finally:
        process.terminate()
        process.wait(timeout=30)
    with pytest.raises(urllib.error.URLError):  # nothing of it is left
        opener.open(f"http://127.0.0.1:{port}/", timeout=5)


def _await(read: Get, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            read("/preview/stamp")
        except OSError:
            time.sleep(0.3)
        else:
            return
    pytest.fail(f"the preview did not come up within {PATIENCE} s")


@pytest.fixture
def changed(quest: Path) -> Iterator[Path]:
    """The quest to change; put back as it was afterwards."""
    before = quest.with_name("before")
    shutil.copytree(quest, before)
    yield quest
    shutil.copytree(before, quest, dirs_exist_ok=True)
    shutil.rmtree(before)


def test_everything_a_quest_shows_is_one_click_away(get: Get) -> None:
    page = get("/preview/")
    for link in re.findall(r'<li>.*?href="([^"]+)"|<p><a href="([^"]+)"', page):
        path = link[0] or link[1]
        assert "preview-mark" in get(path.replace("&amp;", "&")), path
    for path in ("/quests/late-parcels/rule/?tab=hints", "/quests/late-parcels/tests/?tab=data"):
        assert "preview-mark" in get(path)


def test_the_author_is_signed_in_with_the_starters_files(get: Get) -> None:
    page = get("/quests/late-parcels/rule/")
    assert "late_parcels/rule.py" in page
    assert 'href="/accounts/settings/"' in page
    assert '<a href="/accounts/login/">' not in page


def test_the_gallery_holds_every_message_in_both_languages(get: Get, quest: Path) -> None:
    page = get("/preview/messages/rule/")
    for reason in ("does_not_rise", "another_order", "something_of_nothing"):
        assert f"<code>{reason}</code>" in page
    english, russian = page.count('<div lang="en">'), page.count('<div lang="ru">')
    assert english == russian > 10
    assert not re.search(r"\{\w+(\|[^{}]*)?\}", page)
    assert "Пройдено" in page  # the report's own words, in the message's language
    assert "file_missing" in get("/preview/messages/common/")


def test_a_save_changes_the_stamp_and_the_page(get: Get, changed: Path) -> None:
    before = json.loads(get("/preview/stamp"))["stamp"]
    assert f'data-stamp="{before}"' in get("/quests/late-parcels/")
    brief = next(changed.glob("stages/01_*/brief.en.md"))
    brief.write_text(brief.read_text().replace("## ", "Words that were not there.\n\n## ", 1))
    assert json.loads(get("/preview/stamp"))["stamp"] != before
    assert "Words that were not there." in get("/quests/late-parcels/rule/")


def test_a_slip_is_shown_in_place_of_the_page_until_it_is_mended(get: Get, changed: Path) -> None:
    facts = changed / "quest.yaml"
    text = facts.read_text()
    facts.write_text(text.replace("difficulty:", "dificulty:"))
    page = get("/quests/late-parcels/")
    assert "did you mean" in page
    assert "quest.yaml:" in page
    facts.write_text(text)
    assert "did you mean" not in get("/quests/late-parcels/")


def test_a_number_that_is_nowhere_is_the_authors_to_mend(get: Get, changed: Path) -> None:
    brief = next(changed.glob("stages/01_*/brief.en.md"))
    brief.write_text(brief.read_text() + "\n{{ no.such.number }}\n")
    assert "no.such.number" in get("/quests/late-parcels/rule/")


@pytest.mark.bubblewrap
def test_a_preview_is_played_work_is_handed_in_and_graded(quest: Path, tmp_path: Path) -> None:
    try:
        runtimes.find("python-ml", home=tmp_path)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)
    with previewed(quest, tmp_path, "--play") as read:
        read("/quests/late-parcels/rule/")
        attempt = read.hand_in("/quests/late-parcels/rule/")
        read.until(f"{attempt}events", b"event: verdict")
        assert "late_parcels.rule:risk" in read(attempt)
