"""`manage.py demo_users`: the people of a demo, each with their name as the password; cohorts."""

from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from simulator.accounts.models import User
from simulator.catalog import quests
from simulator.cohorts.models import Cohort, CohortQuest, Membership, Staff
from simulator.desk.demo.cohort import make_cohort

PEOPLE: Final = (
    ("learner", User.Role.LEARNER, "Lena", "Learner"),
    ("instructor", User.Role.INSTRUCTOR, "Ivan", "Instructor"),
    ("author", User.Role.AUTHOR, "Anna", "Author"),
)
COHORT: Final = "Demo cohort"


class Command(BaseCommand):
    help = "Make sure that learner, instructor and author exist; change nobody who does."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--simulated", type=int, default=0, help="and a cohort of so many simulated learners"
        )

    def handle(self, *, simulated: int, **_: Any) -> None:  # noqa: ANN401, Django's own signature
        with transaction.atomic():
            people = {
                name: self._person(name, role, first, last) for name, role, first, last in PEOPLE
            }
            self._cohort(people)
        if simulated:
            make_cohort(people["instructor"], size=simulated)
        self.stdout.write("learner, instructor and author can sign in")

    def _person(self, name: str, role: User.Role, first: str, last: str) -> User:
        person, created = User.objects.get_or_create(
            username=name,
            defaults={
                "role": role,
                "first_name": first,
                "last_name": last,
                "email": f"{name}@example.org",
            },
        )
        if created:
            person.set_password(name)
            person.save(update_fields=["password"])
        return person

    def _cohort(self, people: dict[str, User]) -> None:
        """The instructor's cohort, with every quest that is here."""
        cohort, created = Cohort.objects.get_or_create(name=COHORT)
        if created:
            Staff.objects.create(cohort=cohort, user=people["instructor"], role=Staff.Role.OWNER)
            Membership.objects.create(cohort=cohort, learner=people["learner"])
        for quest in quests.all_quests():
            CohortQuest.objects.get_or_create(
                cohort=cohort, quest=quest.slug, defaults={"version": quest.version}
            )
