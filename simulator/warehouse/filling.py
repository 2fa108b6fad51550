"""Fill the warehouse with a quest's data: files for rooms, and a server where there is one."""

from django.conf import settings

from graders.datasets import Datasets, find, prepare
from graders.quest import Quest
from simulator.warehouse import clickhouse, counting


def fill(quest: Quest, scale: str = "") -> Datasets:
    """Prepare a quest's datasets at a scale, its grading scale by default; quick when done before.

    Raises DatasetError for data that are not as declared, WarehouseError when the server that
    CLICKHOUSE_URL names does not take the public tables. Hidden data never go to a server.
    """
    datasets = prepare(
        quest,
        scale=scale or scale_of(quest),
        secret=settings.SIM_SECRET,
        home=settings.SIM_HOME,
    )
    counting.count(datasets.public_folder)
    if settings.CLICKHOUSE_URL:
        clickhouse.load(datasets.public_folder, url=settings.CLICKHOUSE_URL)
    return datasets


def filled(quest: Quest, scale: str = "") -> Datasets | None:
    """Return the datasets if they are there already; never makes anybody wait."""
    return find(
        quest,
        scale=scale or scale_of(quest),
        secret=settings.SIM_SECRET,
        home=settings.SIM_HOME,
    )


def scale_of(quest: Quest) -> str:
    """Return the scale that this installation grades a quest on."""
    return settings.SIM_SCALE or quest.grading_scale
