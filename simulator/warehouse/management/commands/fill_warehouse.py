"""Make every quest's tables, so that nobody waits for them later."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from graders.datasets import DatasetError
from graders.loading import find_quests, load_quest
from simulator.warehouse.clickhouse import WarehouseError
from simulator.warehouse.filling import fill, scale_of


class Command(BaseCommand):
    help = "Make the tables of quests, all of them by default."
    requires_system_checks = ()  # it needs the settings, not the pages

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="*", help="quests to fill")
        parser.add_argument("--scale", default="", help="a scale other than the one graded on")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 - Django's door
        del args
        quests = {folder.name: folder for folder in find_quests(settings.QUESTS_DIR)}
        unknown = [slug for slug in options["slugs"] if slug not in quests]
        if unknown:
            raise CommandError(f"There is no quest {unknown[0]!r}; there are {', '.join(quests)}.")
        for slug in options["slugs"] or quests:
            quest = load_quest(quests[slug])
            scale = options["scale"] or scale_of(quest)
            begin = time.monotonic()
            try:
                datasets = fill(quest, scale)
            except (DatasetError, WarehouseError) as error:
                raise CommandError(str(error)) from error
            seconds = time.monotonic() - begin
            self.stdout.write(f"{slug} at {scale}: {datasets.public} ({seconds:.1f} s)")
