"""The page of the API tells every operation and form, and loads nothing from elsewhere."""

import re
from typing import get_args

from django.test import Client

from simulator.api.endpoints import api
from simulator.attempts import intake
from simulator.attempts.models import Grading
from simulator.wire import LONGEST_PATH, State


def test_the_page_tells_every_operation_and_form(db: None) -> None:
    page = Client().get("/api/docs/").content.decode()
    document = api.get_openapi_schema()
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in page
    for name in document["components"]["schemas"]:
        assert f'id="form-{name}"' in page
    assert not re.findall(r'(?:src|href)="https?:', page)
    assert "<script>" not in page


def test_the_wire_and_the_site_mean_the_same() -> None:
    assert set(get_args(State)) == {state.value for state in Grading.State}
    assert intake.LONGEST_PATH == LONGEST_PATH
