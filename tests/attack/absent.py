"""Why ESC-10 does not apply, asked of the site itself: no place takes an address of something.

A form, a model or an operation of the API that gains a field for one (a webhook, a link to data,
a picture, a repository to import) is found here, and then the case has to be played.
`python -m tests.attack.absent` prints these places as JSON.
"""

import inspect
import json
import os
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "simulator.settings")
django.setup()

from django import forms  # noqa: E402 - Django is set up first
from django.apps import apps  # noqa: E402
from django.db.models import GenericIPAddressField, URLField  # noqa: E402

import simulator  # noqa: E402
from simulator.api.endpoints import api  # noqa: E402
from simulator.environment import ROOT  # noqa: E402

NAMES: Final = re.compile(
    r"(^|_)(ur[li]s?|href|links?|webhooks?|callbacks?|hooks?|repos?|repository|avatar|picture|image|"
    r"endpoint|host|address|site|homepage|website|remote|proxy|redirect|source_from|fetch|import_from)($|_)",
    re.I,
)
FORMATS: Final = ("uri", "url", "iri", "hostname", "ipv4", "ipv6")
BY_HAND: Final = re.compile(r"""\b(?:GET|POST)(?:\.get|\.getlist)?[(\[]\s*["'](\w+)["']""")
INPUT: Final = re.compile(r"""<input[^>]*\btype=["']?url\b""", re.I)
SITE: Final = ROOT / "simulator"
# What looks like an address to fetch and is none of a learner's: each with what it is.
KNOWN: Final = {
    "lti/views.py asks for link": "the number of a link that we made",
    "the API's DeviceCode.verification_uri": "told, not taken: our own page",
    "the API's DeviceCode.verification_uri_complete": "told, not taken: our own page",
    "the model api.DeviceSignIn.address": "from where a device asked",
    "the model guarding.Act.address": "from where something was done",
    "the model lti.Course.roster_url": "signed by a platform, and on its own host",
    "the model lti.Placement.grades_url": "signed by a platform, and on its own host",
    "the model lti.Placement.link": "a platform's number of its link",
    "the model lti.Platform.keys_url": "the operator's, in the admin",
    "the model lti.Platform.login_url": "the operator's, in the admin",
    "the model lti.Platform.token_url": "the operator's, in the admin",
}


def places_for_an_address() -> list[str]:
    """Every form field, model field and API property that may take one of a learner: none."""
    found = {*_in_models(), *_in_forms(), *_by_hand(), *_in_templates(), *_in_the_api()}
    return sorted(found - set(KNOWN))


def _in_models() -> Iterator[str]:
    telling = (URLField, GenericIPAddressField)
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            if isinstance(field, telling) or (NAMES.search(field.name) and not field.is_relation):
                yield f"the model {model._meta.label}.{field.name}"


def _in_forms() -> Iterator[str]:
    for form in _forms():
        for name, field in {**form.base_fields, **form.declared_fields}.items():
            if isinstance(field, forms.URLField) or NAMES.search(name):
                yield f"the form {form.__module__}.{form.__name__}.{name}"


def _forms() -> Iterator[Any]:
    """Every form of the site, in whichever module."""
    for each in walk_packages(simulator.__path__, "simulator."):
        if each.name.endswith("__main__"):
            continue
        for _, found in inspect.getmembers(import_module(each.name), inspect.isclass):
            if issubclass(found, forms.BaseForm) and found.__module__.startswith("simulator."):
                yield found


def _by_hand() -> Iterator[str]:
    """What views ask of a request without a form."""
    for path in SITE.rglob("*.py"):
        for name in BY_HAND.findall(path.read_text(encoding="utf-8")):
            if NAMES.search(name):
                yield f"{path.relative_to(SITE)} asks for {name}"


def _in_templates() -> Iterator[str]:
    for path in SITE.rglob("*.html"):
        for found in INPUT.findall(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(SITE)} has {found}"


def _in_the_api() -> Iterator[str]:
    schema = api.get_openapi_schema()
    for name, part in schema["components"]["schemas"].items():
        for field, said in part.get("properties", {}).items():
            if NAMES.search(field) or set(FORMATS) & set(_formats(said)):
                yield f"the API's {name}.{field}"
    for path, verbs in schema["paths"].items():
        for verb, said in verbs.items():
            for taken in said.get("parameters", []):
                if NAMES.search(taken["name"]) or set(FORMATS) & set(_formats(taken)):
                    yield f"the API's {verb} {path}?{taken['name']}"


def _formats(said: Any) -> Iterator[str]:
    if isinstance(said, dict):
        if isinstance(said.get("format"), str):
            yield said["format"]
        for value in said.values():
            yield from _formats(value)
    if isinstance(said, list):
        for value in said:
            yield from _formats(value)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(places_for_an_address()))
