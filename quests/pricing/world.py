"""Two weeks of the city after the present: what a price brings in each quarter hour of each zone.

A step is a quarter hour; every zone gets a price. Who asks does not depend on prices, and each
rider takes a price or not by one luck that nobody's action touches, so a cell has a fixed outcome
under every price of the grid. Two halves of the riders of one cell share its cars.

The optimum is exact. Given who asks, cells are independent, so without the promise of a mean
multiplier it is the best price of each cell; with the promise, `R(p) - nu E[S](p) (p - 1.25)` is
maximised in each cell, with the one `nu` under which the ride-weighted mean keeps to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from graders.rollout import Case, Codes, Flags, Floats, Outcome, Rail, Truth

COMMISSION, RIDE_COST, VOUCHER = 0.25, 18.0, 60.0
SUPPLY_ELASTICITY = 0.35
MEAN_CAP = 1.25
PRICES = np.round(np.arange(0.80, 2.5001, 0.05), 2)
STEPS_A_DAY, STEPS_AN_HOUR = 96, 4
HALVINGS = 40
MONTHLY = 780_000.0
SEEN = [
    "zone_id",
    "step_at",
    "drivers_free",
    "app_opens_5m",
    "requests_prev_15m",
    "requests_prev_60m",
    "rain",
    "event",
    "holiday",
    "base_fare_rub",
    "tz",
    "kind",
]
NIGHT, EVENT, RAIN, EVENING, REST = "business_night", "event", "rain", "evening", "rest"

CASE = Case(
    decision={"en": "request", "ru": "запрос"},
    decisions={"en": "requests", "ru": "запросов"},
    each={"en": "Each request", "ru": "Каждый запрос"},
    monthly=MONTHLY,
    incumbent={"en": "the house rule", "ru": "домашнее правило"},
    switched_off={"en": "switching the house rule off", "ru": "отключение домашнего правила"},
    per_step={"en": "day", "ru": "день"},
    simple={
        "base": {"en": "1.00 everywhere", "ru": "везде 1.00"},
        "capped": {"en": "1.25 everywhere", "ru": "везде 1.25"},
    },
    segments={
        NIGHT: {
            "en": "business districts, one to six at night",
            "ru": "деловые районы, с часу до шести ночи",
        },
        EVENT: {"en": "events", "ru": "события"},
        RAIN: {"en": "rain", "ru": "дождь"},
        EVENING: {"en": "residential evenings", "ru": "вечер в спальных районах"},
        REST: {"en": "all other hours", "ru": "остальные часы"},
    },
)
RAILS = (
    Rail(
        metric="mean_multiplier",
        words={"en": "Mean multiplier of the rides", "ru": "Средний множитель поездок"},
        count="paid",
        over="served",
    ),
    Rail(
        metric="unserved_over_control",
        words={
            "en": "Accepted and no car found, over the house rule",
            "ru": "Согласились, но машины нет: сверх домашнего правила",
        },
        count="unserved",
        over="accepted",
        against="control",
    ),
    Rail(
        metric="far_from_the_rule",
        words={
            "en": "Cells priced more than 0.5 away from the house rule",
            "ru": "Ячейки с ценой дальше 0.5 от домашнего правила",
        },
        count="far",
        only_warns=True,
    ),
)


def emin(mu: Floats, c: npt.NDArray[np.int64]) -> Floats:
    """Return E[min(Poisson(mu), c)], exactly."""
    below = stats.poisson.cdf(c - 1, mu)
    found: Floats = mu * stats.poisson.cdf(c - 2, mu) + c * (1 - below)
    return found


def open_world(truth: Truth) -> "City":
    """Open the city over the quest's hidden truth."""
    return City(rows=truth("world"), riders=truth("riders"))


@dataclass(frozen=True, kw_only=True)
class Exact:
    """A number of every cell under every price of the grid, expected over all luck."""

    accepted: Floats
    served: Floats
    money: Floats


@dataclass(kw_only=True)
class City:
    """The market: an action is a position on the grid of prices."""

    rows: pd.DataFrame  # by step, then zone
    riders: pd.DataFrame  # cell and luck, in the order of asking
    unit: str = "block"
    shared_unit: str = "rider"
    key: str = "zone_id"
    action: str = "multiplier"
    actions: tuple[str | float, ...] = tuple(PRICES.tolist())
    steps_a_week: int = 7 * STEPS_A_DAY
    steps_a_point: int = STEPS_A_DAY
    case: Case = CASE
    rails: tuple[Rail, ...] = RAILS
    played: dict[int, Codes] = field(default_factory=dict)  # what was set, until it is told

    # ------------------------------------------------------------------ what is seen
    @cached_property
    def zones(self) -> int:
        """How many zones have a price each step."""
        return int(self.rows["zone_id"].nunique())

    @property
    def steps(self) -> int:
        """How many quarter hours there are."""
        return len(self.rows) // self.zones

    @cached_property
    def _seen(self) -> pd.DataFrame:
        hour = self.rows["step_at"].dt.strftime("%Y-%m-%dT%H")
        block = self.rows["zone_id"].astype(str) + "/" + hour
        return self.rows[SEEN].assign(block=block)

    def observe(self, step: int) -> pd.DataFrame:
        """Return what is known of each zone when its price is set, and the block it belongs to."""
        return self._seen.iloc[self._at(step)].reset_index(drop=True)

    def usual(self, step: int) -> Codes:
        """Return the house rule."""
        return self._usual[self._at(step)]

    def left_alone(self, step: int) -> Codes:
        """Return the house rule: a cell that nobody touches keeps it."""
        return self.usual(step)

    def simple(self, step: int) -> Mapping[str, Codes]:
        """Return what nobody needs a model for: the two prices that a memo could name."""
        flat = np.zeros(len(self.usual(step)), dtype=np.int64)
        return {"base": flat + _code(1.0), "capped": flat + _code(MEAN_CAP)}

    # ------------------------------------------------------------------ what is true
    @cached_property
    def exact(self) -> Exact:
        """Every cell under every price, as an expectation."""
        price = PRICES[None, :]
        column = {name: self.rows[name].to_numpy(np.float64)[:, None] for name in _LAWS}
        chance = 1 / (1 + np.exp(column["beta"] * np.log(price) - column["willing"]))
        accepted = column["rate"] * chance
        served = emin(accepted, self._cars)
        money = COMMISSION * column["base_fare_rub"] * price * served - RIDE_COST * served
        money = money - VOUCHER * (accepted - served)
        return Exact(accepted=accepted, served=served, money=money)

    def worth(self, step: int, actions: Codes) -> Floats:
        """Return the expected money of each cell."""
        return self.exact.money[self._at(step)][np.arange(len(actions)), actions]

    def told_per(self, step: int) -> Floats:
        """Return how many requests each cell expects: money is told per request."""
        return self.rows["rate"].to_numpy(np.float64)[self._at(step)]

    def best(self, step: int) -> Codes:
        """Return what somebody would set who knew every cell and the one multiplier."""
        return self._best[self._at(step)]

    @cached_property
    def _best(self) -> Codes:
        low, high = 0.0, 2_000.0
        if self.mean_multiplier(self._under(low)) <= MEAN_CAP:
            return self._under(low)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            if self.mean_multiplier(self._under(middle)) <= MEAN_CAP:
                high = middle
            else:
                low = middle
        return self._under(high)

    def _under(self, nu: float) -> Codes:
        found: Codes = np.argmax(
            self.exact.money - nu * self.exact.served * (PRICES - MEAN_CAP), axis=1
        )
        return found

    def mean_multiplier(self, actions: Codes) -> float:
        """Return the ride-weighted mean price of all cells, expected."""
        served = self.exact.served[np.arange(len(actions)), actions]
        return float((served * PRICES[actions]).sum() / served.sum())

    # ------------------------------------------------------------------ what happens
    def outcome(self, step: int, actions: Codes) -> Outcome:
        """Return what happens: one luck a rider, whatever the price."""
        here = np.arange(len(self.rows))[self._at(step)]
        price = PRICES[actions]
        accepted = self._taken[here, actions].astype(np.float64)
        served = np.minimum(accepted, self._cars[here, actions])
        fare = self.rows["base_fare_rub"].to_numpy(np.float64)[here]
        usual = self._usual[here]
        money = (COMMISSION * fare * price - RIDE_COST) * served - VOUCHER * (accepted - served)
        counts = {
            "accepted": accepted,
            "served": served,
            "unserved": accepted - served,
            "paid": served * price,
            "far": (np.abs(price - PRICES[usual]) > 0.5 + 1e-9).astype(np.float64),
        }
        return Outcome(
            money=money,
            counts=counts,
            per=self.rows["requests"].to_numpy(np.float64)[here],
        )

    def before(self, step: int) -> Floats | None:
        """Return nothing: a ratio of sums is told as it is."""
        del step
        return None

    def people(self, step: int) -> npt.NDArray[np.int64]:
        """Return the number of each rider who asks in a step."""
        begin, end = self._riders_of(step)
        return np.arange(begin, end)

    def split(self, step: int, usual: Codes, ours: Codes, new: Flags) -> Floats:
        """Return what each rider brings if two halves of a cell see two prices and share its cars.

        Drivers answer the mean of both prices. The car goes to whoever has accepted first.
        """
        begin, end = self._riders_of(step)
        part = self.riders.iloc[begin:end]
        cell = part["cell"].to_numpy() - self._at(step).start
        here = self.rows.iloc[self._at(step)]
        price = np.where(new, PRICES[ours][cell], PRICES[usual][cell])
        willing, beta = here["willing"].to_numpy()[cell], here["beta"].to_numpy()[cell]
        took = part["luck"].to_numpy() < 1 / (1 + np.exp(beta * np.log(price) - willing))
        total: npt.NDArray[np.int64] = np.cumsum(took) - took
        first = np.searchsorted(cell, np.arange(len(here)))
        ahead = total - total[np.minimum(first[cell], max(len(total) - 1, 0))]
        middle = (PRICES[ours] + PRICES[usual]) / 2
        cars = _cars(here["drivers_free"].to_numpy(np.float64), middle)[cell]
        served = took & (ahead < cars)
        fare = here["base_fare_rub"].to_numpy(np.float64)[cell]
        money = np.where(served, COMMISSION * fare * price - RIDE_COST, 0.0)
        brought: Floats = money - VOUCHER * (took & ~served)
        return brought

    def segments(self, step: int) -> Mapping[str, Flags]:
        """Return the parts of the city that a report names; each cell belongs to one."""
        return {name: flags[self._at(step)] for name, flags in self._segments.items()}

    def feedback(self, step: int, actions: Codes) -> pd.DataFrame | None:
        """Return, at the end of each hour, what its four quarter hours have brought."""
        self.played[step] = actions
        if (step + 1) % STEPS_AN_HOUR:
            return None
        hour = [self._brought(n) for n in range(step + 1 - STEPS_AN_HOUR, step + 1)]
        return pd.concat(hour, ignore_index=True)

    def _brought(self, step: int) -> pd.DataFrame:
        seen, actions = self._seen.iloc[self._at(step)], self.played[step]
        happened = self.outcome(step, actions)
        return pd.DataFrame(
            {
                "zone_id": seen["zone_id"].to_numpy(),
                "step_at": seen["step_at"].to_numpy(),
                "multiplier": PRICES[actions],
                "requests": self.rows["requests"].to_numpy()[self._at(step)],
                "accepted": happened.counts["accepted"].astype(np.int64),
                "served": happened.counts["served"].astype(np.int64),
            }
        )

    # ------------------------------------------------------------------ inside
    def _at(self, step: int) -> slice:
        return slice(step * self.zones, (step + 1) * self.zones)

    def _riders_of(self, step: int) -> tuple[int, int]:
        place = self._at(step)
        return int(self._starts[place.start]), int(self._starts[place.stop])

    @cached_property
    def _starts(self) -> npt.NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(self.rows["requests"].to_numpy())])

    @cached_property
    def _usual(self) -> Codes:
        return _codes(self.rows["rule"].to_numpy(np.float64))

    @cached_property
    def _cars(self) -> npt.NDArray[np.int64]:
        free = self.rows["drivers_free"].to_numpy(np.float64)[:, None]
        return _cars(free, PRICES[None, :])

    @cached_property
    def _taken(self) -> npt.NDArray[np.int16]:
        """How many riders of each cell accept each price: fewer, the higher it is."""
        cell, luck = self.riders["cell"].to_numpy(), self.riders["luck"].to_numpy()
        willing = self.rows["willing"].to_numpy()[cell]
        beta = self.rows["beta"].to_numpy()[cell]
        # Accepted exactly up to a price of one's own: solve luck < acceptance(p) for p.
        reserve = np.exp((willing - np.log(luck / (1 - luck))) / beta)
        most = np.searchsorted(PRICES, reserve, side="left")  # prices below the reserve
        counts = np.zeros((len(self.rows), len(PRICES) + 1), dtype=np.int64)
        np.add.at(counts, (cell, most), 1)
        above = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
        return above[:, 1:].astype(np.int16)

    @cached_property
    def _segments(self) -> Mapping[str, Flags]:
        rows = self.rows
        event, rain = (rows["event"] == 1).to_numpy(), (rows["rain"] == 1).to_numpy()
        hour = rows["hour"].to_numpy()
        business = (rows["kind"] == "business").to_numpy()
        night = business & (hour >= 1) & (hour < 6)
        evening = ~business & (hour >= 19)
        parts = {NIGHT: night, EVENT: event, RAIN: rain, EVENING: evening}
        found, left = {}, np.ones(len(rows), dtype=np.bool_)
        for name, flags in parts.items():
            found[name] = flags & left
            left &= ~flags
        return {**found, REST: left}


_LAWS = ("rate", "willing", "beta", "base_fare_rub")


def _cars(free: Floats, price: Floats) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = np.floor(free * price**SUPPLY_ELASTICITY + 1e-9).astype(
        np.int64
    )
    return found


def _codes(price: Floats) -> Codes:
    found: Codes = np.round((price - PRICES[0]) / 0.05).astype(np.int64)
    return found


def _code(price: float) -> int:
    return int(_codes(np.array([price]))[0])
