"""A launch: who comes, from which course, to which quest; and what was picked for a course."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, get_random_string

from simulator.accounts.models import User
from simulator.attempts import drafts
from simulator.catalog import quests
from simulator.cohorts import planning
from simulator.cohorts.models import Cohort, Membership, Staff
from simulator.lti.models import Course, Identity, Login, Placement, Platform
from simulator.lti.platform import (
    CLAIM,
    DEEP,
    GRADES,
    ROSTER,
    Member,
    PlatformError,
    check_address,
    read,
    roster,
    sign,
    teaches,
)

LOGIN_LASTS: Final = timedelta(minutes=10)
LAUNCH: Final = "LtiResourceLinkRequest"
PICK: Final = "LtiDeepLinkingRequest"


@dataclass(frozen=True, kw_only=True)
class Launch:
    """Someone came."""

    user: User
    course: Course
    picking: bool  # an instructor chooses what a link of the course shows
    quest: str = ""
    stage: str = ""
    settings: Mapping[str, Any] | None = None  # of a deep link


def begin(platform: Platform) -> Login:
    """A launch begins: what must come back with it."""
    Login.objects.filter(created_at__lt=timezone.now() - LOGIN_LASTS).delete()
    return Login.objects.create(
        platform=platform, nonce=get_random_string(43), state=get_random_string(43)
    )


def receive(token: str, *, state: str, cookie: str) -> Launch:
    """Check a launch and let its person in. Raises PlatformError; a nonce is good once."""
    login = Login.objects.filter(state=state).select_related("platform").first()
    if login is None or not state or not constant_time_compare(state, cookie):
        raise PlatformError(
            "this launch was not begun in this browser; start again from the course"
        )
    claims = read(login.platform, token)
    if not constant_time_compare(str(claims.get("nonce")), login.nonce):
        raise PlatformError("the launch answers another one")
    fresh = Login.objects.filter(
        pk=login.pk, created_at__gte=timezone.now() - LOGIN_LASTS
    ).delete()[0]
    if not fresh:
        raise PlatformError("the launch came too late or twice; start again from the course")
    with transaction.atomic():
        return _let_in(login.platform, claims)


def picked(course: Course, settings: Mapping[str, Any], *, quest: str, stage: str) -> str:
    """The signed answer to a deep link: one quest or stage. Raises NoSuchQuest, KeyError."""
    found = quests.get_quest(quest)
    title = found.stage(stage).title["en"] if stage else found.title["en"]
    platform = course.platform
    item = {
        "type": "ltiResourceLink",
        "title": title,
        "custom": {"quest": quest, "stage": stage},
        "lineItem": {"label": title, "scoreMaximum": 100, "resourceId": f"{quest}/{stage}"},
    }
    return sign(
        platform,
        {
            f"{CLAIM}message_type": "LtiDeepLinkingResponse",
            f"{CLAIM}version": "1.3.0",
            f"{CLAIM}deployment_id": settings["deployment"],
            f"{DEEP}content_items": [item],
            f"{DEEP}data": settings.get("data", ""),
        },
    )


def update_roster(course: Course) -> int:
    """Everyone on the roster becomes known here; how many are new. Raises PlatformError."""
    if not course.roster_url:
        raise PlatformError("the course told no address of its roster yet")
    members = [*roster(course.platform, course.roster_url)]
    before = course.cohort.memberships.count()
    with transaction.atomic():
        for member in members:
            _place(course, _person(course.platform, member), teaching=member.teaches)
    return course.cohort.memberships.count() - before


def _let_in(platform: Platform, claims: dict[str, Any]) -> Launch:
    roles = claims.get(f"{CLAIM}roles", [])
    member = Member(
        subject=str(claims["sub"]),
        name=str(claims.get("name", "")),
        email=str(claims.get("email", "")),
        teaches=teaches(roles),
    )
    course = _course(platform, claims)
    user = _person(platform, member)
    _place(course, user, teaching=member.teaches)
    kind = claims.get(f"{CLAIM}message_type")
    if kind == PICK:
        if not member.teaches:
            raise PlatformError("only who teaches the course chooses what its links show")
        settings = claims.get(f"{DEEP}deep_linking_settings", {})
        return Launch(
            user=user,
            course=course,
            picking=True,
            settings={
                "return": check_address(platform, str(settings["deep_link_return_url"])),
                "data": settings.get("data", ""),
                "deployment": claims[f"{CLAIM}deployment_id"],
            },
        )
    if kind != LAUNCH:
        raise PlatformError(f"{kind!r} is no launch that we know")
    quest, stage = _target(course, claims)
    if quest and not member.teaches:
        drafts.enrol(user, quest)
    return Launch(user=user, course=course, picking=False, quest=quest, stage=stage)


def _course(platform: Platform, claims: dict[str, Any]) -> Course:
    context = claims.get(f"{CLAIM}context", {})
    name = str(context.get("title") or context.get("label") or platform.name)[:120]
    found = Course.objects.filter(platform=platform, context=str(context.get("id", "")))
    course = found.select_related("cohort").first() or Course.objects.create(
        platform=platform,
        context=str(context.get("id", "")),
        cohort=Cohort.objects.create(name=name),
    )
    address = claims.get(f"{ROSTER}claim/namesroleservice", {}).get("context_memberships_url")
    if address:
        course.roster_url = check_address(platform, str(address))
        course.save(update_fields=["roster_url"])
    return course


def _person(platform: Platform, member: Member) -> User:
    """The account of a subject: never one that was here before, whatever address it claims."""
    known = Identity.objects.filter(platform=platform, subject=member.subject)
    identity = known.select_related("user").first()
    if identity is not None:
        return identity.user
    facts = f"{platform.pk}/{member.subject}"
    first, _, last = member.name.partition(" ")
    user = User.objects.create(
        username=f"lti-{hashlib.sha256(facts.encode()).hexdigest()[:16]}",
        first_name=first[:150],
        last_name=last[:150],
        email=member.email[:254],
    )
    user.set_unusable_password()
    user.save(update_fields=["password"])
    Identity.objects.create(platform=platform, subject=member.subject, user=user)
    return user


def _place(course: Course, user: User, *, teaching: bool) -> None:
    """In the course's cohort: as staff, or as a learner."""
    if not teaching:
        Membership.objects.get_or_create(cohort=course.cohort, learner=user)
        return
    if user.role == User.Role.LEARNER:
        User.objects.filter(pk=user.pk).update(role=User.Role.INSTRUCTOR)
        user.role = User.Role.INSTRUCTOR
    owned = Staff.objects.filter(cohort=course.cohort, role=Staff.Role.OWNER).exists()
    Staff.objects.get_or_create(
        cohort=course.cohort,
        user=user,
        defaults={"role": Staff.Role.INSTRUCTOR if owned else Staff.Role.OWNER},
    )


def _target(course: Course, claims: dict[str, Any]) -> tuple[str, str]:
    """The quest and stage that a link means; nothing for a link without a choice."""
    custom = claims.get(f"{CLAIM}custom", {})
    quest, stage = str(custom.get("quest", "")), str(custom.get("stage", ""))
    try:
        found = quests.get_quest(quest)
        if stage:
            found.stage(stage)
    except LookupError:
        return "", ""
    if not course.cohort.quests.filter(quest=quest).exists():
        planning.add_quest(course.cohort, quest, pinned=False)
    link = claims.get(f"{CLAIM}resource_link", {}).get("id", "")
    address = claims.get(f"{GRADES}claim/endpoint", {}).get("lineitem", "")
    Placement.objects.update_or_create(
        course=course,
        link=str(link),
        defaults={
            "quest": quest,
            "stage": stage,
            "grades_url": check_address(course.platform, str(address)) if address else "",
        },
    )
    return quest, stage
