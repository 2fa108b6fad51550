"""The town of Lumen's customers: who they are, what they do, who leaves, and whom a letter moves.

A town lives week by week on Moscow Mondays. A billing month is 28 days: every customer belongs
to one of four cohorts (`phase`), and each Monday one cohort is decided, seven days before its
charge. The causes run one way only:

1. a person: fit, price sensitivity, a forgotten subscription, a plan, a trend of motivation;
2. motivation, an autoregressive path over the weeks;
3. lessons, logins, views of the price page, tickets, failed payments, a finished course;
4. the decision: pilot coin, agents at the desk (who see the intent that no table holds), or the
   CRM's rule «14 days of silence»;
5. the outcome under both actions, from one uniform a renewal: `p0` without, `p1` with the letter;
6. whoever leaves is gone, and somebody new signs up.

Then the warehouse lies about it as warehouses do: late and repeated rows, one app version in
local time, values missing at random given something, staff among the customers, and columns
of `renewals` that are filled in once the outcome is known.

Learners see `generate`; `hidden` is the same town with other inhabitants, under a secret key.
The twelve weeks before the first decision are history only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from graders.data import (
    BATCH_ROWS,
    DAY,
    HOUR,
    MINUTE,
    SHOWN,
    Flags,
    Floats,
    Hidden,
    Ints,
    Seed,
    Tables,
    dup,
    late,
    leak,
    null,
    rng,
    test_rows,
    tz_bug,
)
from graders.streams import Lazy, as_tables, batches, blocks, cut

PUBLIC_SEED = 20240501


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How many people."""

    users: int  # customers that the public warehouse knows
    hidden: int  # hidden customers whose renewal is decided at `DECISION`
    weekly: int  # renewals of a week of the rollout's world, about


SCALES = {
    "tiny": Scale(users=1_500, hidden=1_500, weekly=250),
    "default": Scale(users=36_000, hidden=12_000, weekly=10_000),
    "large": Scale(users=600_000, hidden=12_000, weekly=10_000),
}

# ------------------------------------------------------------------ the calendar
WEEK = 7 * DAY
MONTH = 4 * WEEK
MOSCOW = 3 * HOUR
START = int(np.datetime64("2023-08-07", "ms").astype(np.int64)) - MOSCOW  # a Monday, 00:00 Moscow
FIRST = 12  # week of the first decision
COHORTS = 32  # decisions, one a week: eight months of four cohorts
PILOT_FROM = 24  # the pilot ran in the last two months
WEEKS = FIRST + COHORTS + 1  # until the last outcome is known
DECISION = START + (FIRST + COHORTS - 1) * WEEK  # the last decision: 2024-06-03 00:00 Moscow
NOW = START + WEEKS * WEEK  # 2024-06-17 00:00 Moscow
PERIODS = 13  # billing months that a person may live through here
SLOW_WEEKS = 3  # who has finished the course idles for the last weeks of the month

# ------------------------------------------------------------------ the economics of the case
MARGIN_RATE = 0.7
MONTHS = 3.0
DISCOUNT = 0.3
CONTACT_COST = 12.0
SILENCE_DAYS = 14  # the incumbent's rule

# ------------------------------------------------------------------ the laws of the town
DUE_SHARE = 0.38  # of all customers ever, those of a cohort still here at the last decision
BLOCK = 45_000  # people simulated at a time; towns larger than that are several of them
BASE_SHARE = 0.42  # of all customers ever, those subscribed at once
PILOT_SHARE = 0.54
PLANS = ("basic", "pro", "max")
PRICES = np.array([990, 1990, 3990])
ZONES = (
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Asia/Yekaterinburg",
    "Asia/Novosibirsk",
    "Asia/Vladivostok",
)
ZONE_HOURS = np.array([2, 3, 5, 7, 10])
CHANNELS = ("organic", "ads", "partner", "friend")
CLIENTS = ("web", "ios-5.0", "ios-4.8", "android-5.0", "android-5.1")
OLD_CLIENT, LOCAL_TIME_CLIENT = 2, 4
KINDS = (
    "login",
    "lesson",
    "pricing_view",
    "coupon_redeem",
    "support_ticket",
    "nps",
    "certificate",
)
LOGIN, LESSON, PRICING, COUPON, TICKET, NPS, CERTIFICATE = range(7)
OFFERS = ("none", "discount30")
SOURCES = ("rule", "desk", "pilot")
RULE, DESK, PILOT = range(3)
ENDINGS = ("active", "cancelled", "expired", "refunded")
ACTIVE, CANCELLED, EXPIRED, REFUNDED = range(4)
STATUSES = ("ok", "failed", "refunded")

FEATURES = (
    "lessons_7d",
    "lessons_14d",
    "lessons_28d",
    "lessons_84d",
    "lessons_trend_28d",
    "days_inactive",
    "tenure_months",
    "price_rub",
    "failed_payments_30d",
    "pricing_views_30d",
    "coupons_lifetime",
    "tickets_30d",
    "progress_pct",
    "nps",
)

Draws = Callable[[str], np.random.Generator]
Small = npt.NDArray[np.int16]


# ================================================================== what others call
def generate(seed: int, scale: str) -> Tables:
    """Return the public warehouse: five tables in batches, the same for a seed and scale."""
    parts = _blocks(SCALES[scale].users)
    return {
        table: Lazy(partial(_public_batches, table, seed, parts), schema)
        for table, schema in SCHEMAS.items()
    }


def public_frames(seed: int, scale: str) -> dict[str, pd.DataFrame]:
    """Return the public tables as frames of numbers, for calibration; not for scale large."""
    (people,) = _blocks(SCALES[scale].users)
    return _public_block(seed, 0, people)


def hidden(key: bytes, scale: str) -> Hidden:
    """Return other customers of the same town, known to nobody without the key.

    `datasets`: ``hidden`` is the warehouse as it stood at `DECISION`; ``hidden_cut`` the same,
    physically truncated to what had been ingested at the moment named ``cut``. Neither holds
    an outcome of the renewals that were decided at `DECISION`.

    `truth`: ``moments`` (name, as_of: ``early``, ``cut``, ``decision``), ``features`` (as_of,
    user_id and `FEATURES`, see `features`), ``renewals`` (the renewals decided at `DECISION`:
    price, offer, source, what happened, what would have happened without a letter, p0, p1 and
    the letter's gain), ``world`` (the renewals of the rollout's weeks, see `_world`) and
    ``canary`` (a token that may turn up nowhere else).
    """
    town = _settle(key, block=0, people=round(SCALES[scale].hidden / DUE_SHARE), phase=3)
    frames = _cut(_tables(town, from_week=FIRST + COHORTS - 17), DECISION)
    return Hidden(
        datasets={
            "hidden": as_tables(frames, SCHEMAS, WORDS),
            "hidden_cut": as_tables(_cut(frames, MOMENTS["cut"]), SCHEMAS, WORDS),
        },
        truth=_truth(town, frames, canary=rng(key, "canary").bytes(16).hex())
        | {"world": Lazy(partial(_world, key, SCALES[scale].weekly), WORLD)},
    )


MOMENTS = {
    # An afternoon while failed charges are being tried again; late in an evening, when much is
    # on its way; the decision, whose day in Moscow is not its UTC day.
    "early": DECISION - 20 * DAY + 16 * HOUR + 37 * MINUTE + 11_250,
    "cut": DECISION - 5 * DAY - 30 * MINUTE + 1_500,
    "decision": DECISION,
}


CLOCK = {"public": NOW, "hidden": DECISION, "hidden_cut": MOMENTS["cut"]}  # simkit.now() in each


def features(frames: Mapping[str, pd.DataFrame], as_of: int) -> pd.DataFrame:
    """Return the canonical features, one row a customer, sorted by user_id.

    Who: every customer with ``is_test = 0`` and ``registered_at <= as_of``, subscribed or not.
    What is known: rows with ``ingested_at <= as_of``, of those with one business key
    (``event_id``, ``payment_id``) only the one ingested first. When: ``event_ts``, for the
    client android-5.1 minus the customer's UTC offset; nothing later than as_of counts.
    "In the last N days" means ``as_of - N days < when <= as_of``.

    ``lessons_{7,14,28,84}d``: lessons in the last N days. ``lessons_trend_28d``: lessons_28d less
    those of the 28 days before. ``days_inactive``: Moscow calendar days from the latest lesson
    or login of the last 84 days to as_of; 84 without one. ``tenure_months``: full 28-day months
    since registered_at. ``price_rub``: as in users. ``failed_payments_30d``: payments with status
    failed by attempted_at. ``pricing_views_30d``, ``tickets_30d``: events of these types.
    ``coupons_lifetime``: coupon_redeem events ever. ``progress_pct``: of the latest lesson of the
    last 84 days that has one, NaN if none has. ``nps``: the latest answer ever, NaN if none.
    "Latest" is by corrected time, then by event_id. Counts are 0 when there is nothing.
    """
    users = frames["users"]
    users = users[(users.is_test == 0) & (users.registered_at <= as_of)].sort_values("user_id")
    events = _known(_relevant(frames["events"], as_of), "event_id", users, as_of)
    offset = ZONE_HOURS[users.tz.to_numpy()] * HOUR
    shift = np.where(events.client == LOCAL_TIME_CLIENT, offset[events.row], 0)
    events = events.assign(when=events.event_ts.to_numpy() - shift)
    events = events[events.when <= as_of].sort_values(["when", "event_id"], kind="stable")
    payments = _known(frames["payments"], "payment_id", users, as_of)
    payments = payments[payments.attempted_at <= as_of]
    answer = pd.DataFrame({"user_id": users.user_id.to_numpy()})
    for name, count in _counts(events, payments, as_of, len(users)).items():
        answer[name] = count
    answer["tenure_months"] = (as_of - users.registered_at.to_numpy()) // MONTH
    answer["price_rub"] = users.price_rub.to_numpy()
    for name, value in _latest(events, as_of, len(users)).items():
        answer[name] = value
    return answer[["user_id", *FEATURES]].astype(dict.fromkeys(FEATURES, np.float64))


# ================================================================== people
@dataclass(frozen=True, kw_only=True)
class _Town:
    """Everything that happened, before the warehouse saw it. Rows of `people` are the persons."""

    draw: Draws
    people: pd.DataFrame
    weeks: "_Weeks"
    joined: Ints  # week of the first payment; below zero before the warehouse began
    gone: Ints  # week of the charge that was not paid; WEEKS if still here
    decisions: pd.DataFrame
    first_id: int


@dataclass(frozen=True, kw_only=True)
class _Moments:
    """Points in time: who, in which week, when."""

    person: Ints
    week: Ints
    ts: Ints


@dataclass(frozen=True, kw_only=True)
class _Weeks:
    """What would fill everyone's weeks, were they subscribed: drawn without regard to that."""

    path: Floats  # motivation, person x week
    finished: Flags  # person x billing month
    failures: Small  # failed charges around the due date before the month's decision
    lessons: "_Moments"
    logins: "_Moments"
    seen: Ints  # the latest activity up to the end of a week, person x week


def _settle(seed: Seed, *, block: int, people: int, phase: int | None = None) -> _Town:
    def draw(stream: str) -> np.random.Generator:
        return rng(seed, f"{stream}/{block}")

    crowd = _people(draw, people, phase)
    weeks = _weeks(draw, crowd)
    lives, decisions = _live(draw, crowd, weeks)
    return _Town(
        draw=draw,
        people=crowd,
        weeks=weeks,
        joined=lives.joined,
        gone=lives.gone,
        decisions=decisions,
        first_id=(100_001 if isinstance(seed, int) else 10_000_001) + block * BLOCK,
    )


def _weeks(draw: Draws, crowd: pd.DataFrame) -> _Weeks:
    count, forgot = len(crowd), crowd.forgot.to_numpy()[:, None]
    path = _motivation(crowd, draw)
    finished = (draw("finished").random((count, PERIODS)) < 0.12) & ~forgot
    rate = _lesson_rate(crowd, path, finished)
    lessons = _spread(draw, "lessons", crowd, draw("lessons").poisson(rate))
    idle = np.where(forgot, 0.01, 0.08)
    logins = _spread(draw, "logins", crowd, draw("logins").poisson(0.15 * rate + idle))
    return _Weeks(
        path=path,
        finished=finished,
        failures=draw("failures").poisson(0.06, (count, PERIODS)).astype(np.int16),
        lessons=lessons,
        logins=logins,
        seen=_last_seen(count, lessons, logins),
    )


def _people(draw: Draws, count: int, phase: int | None) -> pd.DataFrame:
    plan = draw("plan").choice(3, count, p=[0.50, 0.35, 0.15])
    channel = draw("channel").choice(4, count, p=[0.35, 0.35, 0.18, 0.12])
    staff = test_rows(count, draw("is_test"), rate=0.003)
    return pd.DataFrame(
        {
            "fit": draw("fit").standard_normal(count),
            "sensitivity": draw("sensitivity").beta(1.2, 2.2, count),
            "forgot": (draw("forgot").random(count) < 0.10) & ~staff,
            "trend": draw("trend").normal(0.0, 0.09, count),
            "tenure": draw("tenure").geometric(0.09, count),
            "plan": plan,
            "price": np.where(staff, 1, PRICES[plan]),
            "zone": draw("tz").choice(5, count, p=[0.04, 0.58, 0.16, 0.14, 0.08]),
            "channel": channel,
            "born": _birth_year(draw, channel),
            "client": draw("client").choice(5, count, p=[0.26, 0.31, 0.12, 0.27, 0.04]),
            "phase": draw("phase").integers(0, 4, count) if phase is None else phase,
            "staff": staff,
            "number": draw("user_id").permutation(count),
            "signup": draw("signup").integers(8 * HOUR, WEEK, count),
        }
    )


def _birth_year(draw: Draws, channel: Ints) -> Floats:
    year = np.clip(np.round(draw("birth_year").normal(1993, 9, len(channel))), 1950, 2008)
    partner_first = np.where(channel == 2, 1.0, 0.0) + 0.001 * draw("birth_year_order").random(
        len(channel)
    )
    missing = null(draw("birth_year_null"), rate=0.2, mar=partner_first)
    return np.where(missing, np.nan, year)


def _motivation(crowd: pd.DataFrame, draw: Draws) -> Floats:
    noise = draw("motivation").standard_normal((WEEKS + 1, len(crowd)))
    level = 0.5 * crowd.fit.to_numpy() + 0.8 * noise[0]
    path = np.empty((len(crowd), WEEKS))
    for week in range(WEEKS):
        level = 0.9 * level + crowd.trend.to_numpy() + 0.35 * noise[week + 1]
        path[:, week] = level
    return path


def _weeks_left(phase: Ints, week: Ints) -> Ints:
    """Weeks from the start of `week` to the next decision of the phase, 1 to 4."""
    return (FIRST + phase - week - 1) % 4 + 1


def _period(phase: Ints, decision_week: Ints) -> Ints:
    """Return the number of the billing month that a decision closes."""
    return (decision_week - FIRST - phase) // 4 + 3


def _lesson_rate(crowd: pd.DataFrame, path: Floats, finished: Flags) -> Floats:
    phase = crowd.phase.to_numpy()[:, None]
    week = np.arange(WEEKS)[None, :]
    left = _weeks_left(phase, week)
    done = finished[np.arange(len(crowd))[:, None], _period(phase, week + left)]
    rate = np.exp(0.7 + 0.75 * path) * np.where(done & (left <= SLOW_WEEKS), 0.35, 1.0)
    rate = np.where(crowd.forgot.to_numpy()[:, None], 0.06, rate)
    return np.where(crowd.staff.to_numpy()[:, None], 25.0, np.minimum(rate, 40.0))


def _spread(draw: Draws, stream: str, crowd: pd.DataFrame, counts: Ints) -> _Moments:
    """Put each week's events at moments that suit the person's local clock."""
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    person, week = np.divmod(cell, WEEKS)
    clock = draw(f"{stream}_clock")
    hour = np.searchsorted(_LOCAL_HOURS, clock.random(len(cell)), side="right")
    ahead = ZONE_HOURS[crowd.zone.to_numpy()] - MOSCOW // HOUR
    hour = (hour - ahead[person]) % 168
    ts = START + week * WEEK + hour * HOUR + clock.integers(0, HOUR, len(cell))
    return _Moments(person=person, week=week, ts=ts)


def _local_hours() -> Floats:
    """Cumulative shares of the 168 hours of a week: evenings, and weekends after noon."""
    weekday = np.array(
        [1, 1, 1, 1, 1, 2, 5, 8, 8, 7, 7, 8, 10, 9, 7, 7, 8, 11, 15, 20, 22, 18, 9, 3]
    )
    weekend = np.array(
        [2, 1, 1, 1, 1, 1, 2, 3, 6, 9, 12, 14, 15, 15, 15, 15, 15, 14, 13, 13, 12, 10, 7, 4]
    )
    shares = np.concatenate([np.tile(weekday, 5), np.tile(weekend, 2)]).astype(np.float64)
    cumulative: Floats = np.cumsum(shares) / shares.sum()
    return cumulative


_LOCAL_HOURS = _local_hours()


# ================================================================== decisions and outcomes
def _last_seen(people: int, *activities: _Moments) -> Ints:
    """Return the latest activity up to the end of each week, person x week."""
    seen = np.full(people * WEEKS, START - 1_000 * DAY, dtype=np.int64)
    for moments in activities:
        cell = moments.person * WEEKS + moments.week
        starts = np.flatnonzero(np.diff(cell, prepend=-1))
        latest = np.maximum.reduceat(moments.ts, starts)
        seen[cell[starts]] = np.maximum(seen[cell[starts]], latest)
    running: Ints = np.maximum.accumulate(seen.reshape(people, WEEKS), axis=1)
    return running


@dataclass(kw_only=True)
class _Lives:
    """Who has joined and who has gone, as the weeks pass."""

    joined: Ints  # week of signing up
    gone: Ints  # week of the charge that was not paid
    arrived: int  # people who have signed up so far, in the order of `people`

    @classmethod
    def at_start(cls, crowd: pd.DataFrame) -> "_Lives":
        """Let the first part of the crowd be subscribed already, each for a while."""
        count, base = len(crowd), round(BASE_SHARE * len(crowd))
        began = FIRST - 3 + crowd.phase.to_numpy() - 4 * (crowd.tenure.to_numpy() + 2)
        joined = np.where(np.arange(count) < base, began, WEEKS)
        return cls(joined=joined, gone=np.full(count, WEEKS, dtype=np.int64), arrived=base)

    def due(self, phase: Ints, week: int) -> Ints:
        """Return the people whose renewal is decided this week."""
        here = (self.joined <= week - 3) & (self.gone > week)
        return np.flatnonzero(here & (phase == (week - FIRST) % 4))

    def replace(self, leavers: Ints, phase: Ints, week: int) -> None:
        """Let people go with the charge of next week, and as many sign up soon after."""
        self.gone[leavers] = week + 1
        new = np.arange(self.arrived, min(self.arrived + len(leavers), len(phase)))
        self.joined[new] = week + 1 + (phase[new] - week) % 4
        self.arrived += len(new)


def _live(draw: Draws, crowd: pd.DataFrame, weeks: "_Weeks") -> tuple[_Lives, pd.DataFrame]:
    """Let the weeks pass: decide a cohort, see who leaves, let new people sign up."""
    lives, luck = _Lives.at_start(crowd), _luck(draw, len(crowd))
    phase = crowd.phase.to_numpy()
    log = []
    for cohort in range(COHORTS):
        people = _due(crowd, weeks, lives, luck, cohort)
        people = _outcome(_decide(people))
        log.append(people[_LOGGED])
        leavers = people.person.to_numpy()[people.churned.to_numpy()]
        lives.replace(leavers, phase, FIRST + cohort)
    decisions = pd.concat(log, ignore_index=True)
    return lives, decisions.assign(ending=_endings(draw, decisions.churned.to_numpy()))


def _due(
    crowd: pd.DataFrame, weeks: "_Weeks", lives: _Lives, luck: Mapping[str, Floats], cohort: int
) -> pd.DataFrame:
    """Return the people whose renewal is decided with a cohort, and all that drives them."""
    week, month = FIRST + cohort, cohort // 4
    who = lives.due(crowd.phase.to_numpy(), week)
    people = crowd.iloc[who].reset_index(drop=True)
    return people.assign(
        person=who,
        cohort=cohort,
        motivation=weeks.path[who, week - 1],
        done=weeks.finished[who, month + 3],
        fails=weeks.failures[who, month + 3],
        months=(week - lives.joined[who]) // 4,
        silent=_silent(people, weeks.seen[who, week - 1], lives.joined[who], week),
        **{name: chance[who, month] for name, chance in luck.items()},
    )


_LOGGED = ["person", "cohort", "silent", "source", "offer", "p0", "p1", "churned_none", "churned"]


def _luck(draw: Draws, count: int) -> dict[str, Floats]:
    """Draw everyone's luck beforehand: what would happen does not depend on what is done."""
    shape = (count, COHORTS // 4)
    even = ("outcome", "desk", "pilot", "coin")
    return {"intent": draw("intent").normal(0.0, 0.7, shape)} | {
        name: draw(name).random(shape) for name in even
    }


def _silent(people: pd.DataFrame, seen: Ints, joined: Ints, week: int) -> Ints:
    """Moscow calendar days without activity, at Moscow midnight."""
    began = START + joined * WEEK + people.signup.to_numpy()
    days = -((seen - (START + week * WEEK)) // DAY)
    return np.where(seen < began, 84, np.minimum(days, 84))


def _decide(people: pd.DataFrame) -> pd.DataFrame:
    """Pilot by a coin; else the desk treats who sounds like leaving; else the rule."""
    pilot = (people.pilot < PILOT_SHARE) & (people.cohort >= PILOT_FROM)
    sounds = _sigmoid((-4.8 + 3.6 * people.intent / 0.7 + 3.2 * people.sensitivity).to_numpy())
    desk = people.desk < sounds
    rule = desk | (people.silent >= SILENCE_DAYS)
    return people.assign(
        source=np.where(pilot, PILOT, np.where(desk, DESK, RULE)),
        offer=np.where(pilot, people.coin < 0.5, rule).astype(np.int64),
    )


def _outcome(people: pd.DataFrame, *, price_effect: float = 1.3) -> pd.DataFrame:
    """Who leaves: by the chance without a letter or with it, and the same luck for both."""
    s, fails = people.sensitivity, np.minimum(people.fails, 2)
    logit = (
        -1.2
        - 0.85 * people.motivation
        - 0.35 * people.fit
        + price_effect * (s - 0.35) * np.sqrt(people.price / 1990)
        + 1.5 * people.done
        + 1.5 * fails
        - 0.28 * np.log1p(people.months)
        + people.intent
    )
    logit = np.where(people.forgot, -3.2 + 0.3 * people.intent, logit)
    persuaded = -3.0 * s * np.where(fails > 0, 0.25, 1.0)
    effect = np.where(people.forgot, 2.3, np.where(people.done, -0.05, persuaded))
    p0 = np.where(people.staff, 0.0, _sigmoid(logit))
    p1 = np.where(people.staff, 0.0, _sigmoid(logit + effect))
    chance = np.where(people.offer == 1, p1, p0)
    return people.assign(
        p0=p0, p1=p1, churned_none=people.outcome < p0, churned=people.outcome < chance
    )


def _endings(draw: Draws, churned: Flags) -> Ints:
    """Say how those who left did so: by cancelling, by a card that fails, by asking money back."""
    way = draw("ending").choice([CANCELLED, EXPIRED, REFUNDED], len(churned), p=[0.62, 0.30, 0.08])
    return np.where(churned, way, ACTIVE)


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-x)), dtype=np.float64)


# ================================================================== what the warehouse holds
def _tables(town: _Town, *, from_week: int = 0) -> dict[str, pd.DataFrame]:
    """Return the five tables as frames of numbers: codes for words, milliseconds for times."""
    known = np.flatnonzero(town.joined < WEEKS)
    ids = town.first_id + town.people.number.to_numpy()
    users = _users(town, known, ids)
    return {
        "users": users.sort_values("user_id", ignore_index=True),
        "events": _events(town, ids, from_week),
        "payments": _payments(town, known, ids),
        "renewals": _renewals(town, ids),
        "campaigns": _campaigns(town, ids),
    }


def _registered(town: _Town) -> Ints:
    moment: Ints = START + town.joined * WEEK + town.people.signup.to_numpy()
    return moment // 1000 * 1000


def _users(town: _Town, known: Ints, ids: Ints) -> pd.DataFrame:
    crowd = town.people.iloc[known]
    return pd.DataFrame(
        {
            "user_id": ids[known],
            "registered_at": _registered(town)[known],
            "tz": crowd.zone.to_numpy(),
            "channel": crowd.channel.to_numpy(),
            "plan": crowd.plan.to_numpy() + 1,
            "price_rub": crowd.price.to_numpy(),
            "birth_year": crowd.born.to_numpy(),
            "is_test": crowd.staff.to_numpy().astype(np.int64),
        }
    )


def _events(town: _Town, ids: Ints, from_week: int) -> pd.DataFrame:
    draw, crowd = town.draw, town.people
    parts = [
        _lesson_rows(town, _while_here(town, town.weeks.lessons, from_week)),
        _rows(LOGIN, _while_here(town, town.weeks.logins, from_week)),
        *(_rows(kind, _while_here(town, moments)) for kind, moments in _rare(town)),
        _answers(town),
    ]
    events = pd.concat(parts, ignore_index=True)
    person, true_ts = events.person.to_numpy(), events.event_ts.to_numpy()
    client = crowd.client.to_numpy()[person]
    events = events.assign(
        event_id=5_000_000_000 + town.first_id * 1_000 + draw("event_id").permutation(len(events)),
        user_id=ids[person],
        client=client,
        event_ts=tz_bug(
            true_ts,
            ZONE_HOURS[crowd.zone.to_numpy()[person]],
            where=client == LOCAL_TIME_CLIENT,
        ),
        ingested_at=late(true_ts, draw("event_late")),
    )
    events = dup(events.drop(columns="person"), draw("event_dup"))
    events = events[events.ingested_at <= NOW]
    return events.iloc[np.argsort(_event_order(events), kind="stable")].reset_index(drop=True)


def _event_order(events: pd.DataFrame) -> Ints:
    """Sort as the table is kept: by month, then user, then time."""
    ts = events.event_ts.to_numpy()
    month = ts.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    key: Ints = ((month - month.min()) << 59) + (events.user_id.to_numpy() << 35) + (ts - START)
    return key


def _while_here(town: _Town, moments: _Moments, from_week: int = 0) -> _Moments:
    """Keep what somebody did between signing up and leaving."""
    keep = _present(town, moments) & (moments.week >= from_week)
    return _Moments(person=moments.person[keep], week=moments.week[keep], ts=moments.ts[keep])


def _present(town: _Town, moments: _Moments) -> Flags:
    began, ended = _registered(town), np.minimum(START + town.gone * WEEK, NOW)
    return (moments.ts >= began[moments.person]) & (moments.ts < ended[moments.person])


def _rows(kind: int, moments: _Moments) -> pd.DataFrame:
    nothing = np.full(len(moments.ts), np.nan, dtype=np.float32)
    return pd.DataFrame(
        {
            "person": moments.person,
            "event_ts": moments.ts,
            "event_type": np.full(len(moments.ts), kind, dtype=np.int8),
            "course_id": nothing,
            "progress_pct": nothing,
            "duration_s": nothing,
            "nps": nothing,
        }
    )


def _lesson_rows(town: _Town, lessons: _Moments) -> pd.DataFrame:
    """Lessons, each with the share of the course that is behind the customer."""
    draw, person = town.draw, lessons.person
    phase = town.people.phase.to_numpy()[person]
    left = _weeks_left(phase, lessons.week)
    period = _period(phase, lessons.week + left)
    gone_by = (4 - left + (lessons.ts - START) % WEEK / WEEK) / 4
    done = town.weeks.finished[person, period]
    way = np.where(done, np.minimum(gone_by * 4 / (4 - SLOW_WEEKS), 1.0), gone_by)
    progress = _course_progress(town)[person, period] * (0.6 + 0.4 * way)
    noise = draw("progress_noise").normal(0.0, 0.01, len(person))
    old_client = town.people.client.to_numpy()[person] == OLD_CLIENT
    missing = null(
        draw("progress_null"),
        rate=0.13,
        mar=old_client + draw("progress_order").random(len(person)),
    )
    course = 100 + draw("course").integers(0, 400, town.weeks.finished.shape)[person, period]
    minutes = np.exp(draw("duration").normal(3.2, 0.5, len(person)))
    return _rows(LESSON, lessons).assign(
        course_id=course.astype(np.float32),
        progress_pct=np.where(missing, np.nan, np.clip(progress + noise, 0.0, 1.0)).astype(
            np.float32
        ),
        duration_s=np.round(60 * np.clip(minutes, 1, 240)).astype(np.float32),
    )


def _course_progress(town: _Town) -> Floats:
    """How far through the course of the month each person gets by the decision."""
    shape = town.weeks.finished.shape
    complete = np.minimum(town.draw("complete").normal(0.93, 0.06, shape), 1.0)
    partial_way = town.draw("progress").beta(1.6, 2.0, shape)
    return np.where(town.weeks.finished, complete, partial_way)


def _rare(town: _Town) -> Iterator[tuple[int, _Moments]]:
    draw, crowd = town.draw, town.people
    s = crowd.sensitivity.to_numpy()[:, None]
    per_week = 7 / 30
    views = draw("pricing").poisson((0.3 + 8 * s) * per_week, (len(crowd), WEEKS))
    yield PRICING, _spread(draw, "pricing", crowd, views)
    tickets = draw("tickets").poisson((0.15 + 0.25 * np.maximum(-town.weeks.path, 0)) * per_week)
    yield TICKET, _spread(draw, "tickets", crowd, tickets)
    yield COUPON, _coupons(town)
    yield CERTIFICATE, _certificates(town)


def _early_days(town: _Town) -> tuple[Ints, Ints]:
    """When somebody's first weeks in the warehouse begin, and how long they are."""
    newcomer = town.joined >= 0
    begin = np.where(newcomer, _registered(town), START)
    return begin, np.where(newcomer, 20 * DAY, FIRST * WEEK)


def _coupons(town: _Town) -> _Moments:
    draw = town.draw
    counts = draw("coupons").binomial(5, 0.05 + 0.6 * town.people.sensitivity.to_numpy())
    person = np.repeat(np.arange(len(counts)), counts)
    begin, length = _early_days(town)
    ts = begin[person] + (draw("coupon_at").random(len(person)) * length[person]).astype(np.int64)
    return _Moments(person=person, week=(ts - START) // WEEK, ts=ts)


def _certificates(town: _Town) -> _Moments:
    """Half of those who finish a course ask for the certificate, as the idle weeks begin."""
    asks = town.weeks.finished & (town.draw("certificate").random(town.weeks.finished.shape) < 0.5)
    person, period = np.nonzero(asks)
    week = FIRST + town.people.phase.to_numpy()[person] + 4 * (period - 3) - SLOW_WEEKS
    ts = START + week * WEEK + town.draw("certificate_at").integers(0, WEEK, len(person))
    keep = (week >= 0) & (week < WEEKS)
    return _Moments(person=person[keep], week=week[keep], ts=ts[keep])


def _answers(town: _Town) -> pd.DataFrame:
    """Three in ten answer the survey, the active ones more often; some of them once more."""
    draw, count = town.draw, len(town.people)
    answers = draw("nps_answers").random(count) < _sigmoid(
        -0.95 + 0.7 * town.weeks.path.mean(axis=1)
    )
    again = answers & (draw("nps_again").random(count) < 0.25)
    begin, length = _early_days(town)
    first = begin + (draw("nps_at").random(count) * length).astype(np.int64)
    second = first + length + (draw("nps_later").random(count) * 20 * WEEK).astype(np.int64)
    person = np.concatenate([np.flatnonzero(answers), np.flatnonzero(again)])
    ts = np.concatenate([first[answers], second[again]])
    mood = town.people.fit.to_numpy()[person] + 1.8 * draw("nps").standard_normal(len(person))
    score = np.clip(np.round(7.5 + mood), 0, 10)
    moments = _Moments(person=person, week=(ts - START) // WEEK, ts=ts)
    return _rows(NPS, moments).assign(nps=score)[_present(town, moments)]


# ------------------------------------------------------------------ money
def _payments(town: _Town, known: Ints, ids: Ints) -> pd.DataFrame:
    charges = _charges(town, known)
    paid = _paid(town, charges)
    rows = pd.concat(
        [_failed(town, charges), paid, _refunds(town, paid), _expired(town)], ignore_index=True
    )
    rows = rows[rows.attempted_at < NOW]
    draw = town.draw
    rows = rows.assign(
        payment_id=7_000_000_000 + town.first_id * 100 + draw("payment_id").permutation(len(rows)),
        user_id=ids[rows.person.to_numpy()],
        ingested_at=late(rows.attempted_at.to_numpy(), draw("payment_late")),
    )
    rows = dup(rows, draw("payment_dup"), rate=0.01)
    rows = rows[rows.ingested_at <= NOW]
    return rows.sort_values(
        ["user_id", "attempted_at", "ingested_at"], kind="stable", ignore_index=True
    )


def _charges(town: _Town, known: Ints) -> pd.DataFrame:
    """Return every charge that went through: first payments and renewals, decided or earlier."""
    joined = town.joined[known]
    first = known[joined >= 0]
    started = pd.DataFrame({"person": first, "due": town.joined[first], "is_renewal": 0})
    parts = [started, _before_decisions(town, known[joined < 0]), _renewed(town)]
    charges = pd.concat(parts, ignore_index=True)
    charges = charges.fillna({"off": 0.0, "refunded": False, "is_renewal": 1})
    person = charges.person.to_numpy()
    due = START + charges.due.to_numpy() * WEEK + 9 * HOUR
    price = town.people.price.to_numpy()[person] * (1 - charges.off.to_numpy())
    charges["at"] = np.where(charges.is_renewal == 0, _registered(town)[person], due)
    charges["kopecks"] = np.round(100 * price).astype(np.int64)
    return charges


def _before_decisions(town: _Town, old: Ints) -> pd.DataFrame:
    """Return the renewals of the weeks before the first decision: nobody left in those."""
    phase = town.people.phase.to_numpy()
    person, month = np.divmod(np.arange(len(old) * 4), 4)
    due = (phase[old[person]] + 1) % 4 + 4 * month
    early = due < FIRST + 1 + phase[old[person]]
    return pd.DataFrame({"person": old[person][early], "due": due[early]})


def _renewed(town: _Town) -> pd.DataFrame:
    stayed = town.decisions[town.decisions.ending.isin([ACTIVE, REFUNDED])]
    return pd.DataFrame(
        {
            "person": stayed.person,
            "due": FIRST + stayed.cohort + 1,
            "off": np.where(stayed.offer == 1, DISCOUNT, 0.0),
            "refunded": stayed.ending == REFUNDED,
        }
    )


def _fails(town: _Town, charges: pd.DataFrame) -> Ints:
    """How often the bank said no before a charge went through."""
    person = charges.person.to_numpy()
    period = _period(town.people.phase.to_numpy()[person], charges.due.to_numpy() + 3)
    counts: Ints = town.weeks.failures[person, period].astype(np.int64)
    return counts


def _failed(town: _Town, charges: pd.DataFrame) -> pd.DataFrame:
    row = np.repeat(np.arange(len(charges)), _fails(town, charges))
    tried = charges.iloc[row]
    delay = town.draw("failed_at").integers(MINUTE, 40 * HOUR, len(row))
    return tried.assign(attempted_at=tried["at"] + delay, status=2)[_PAYMENT_COLUMNS]


def _paid(town: _Town, charges: pd.DataFrame) -> pd.DataFrame:
    delay = town.draw("paid_at").exponential(2 * HOUR, len(charges)).astype(np.int64)
    after_no = np.where(_fails(town, charges) > 0, 41 * HOUR, 0)
    moment = charges["at"] + after_no + np.minimum(delay, 3 * DAY)
    return charges.assign(attempted_at=moment, status=1)[[*_PAYMENT_COLUMNS, "refunded"]]


def _refunds(town: _Town, paid: pd.DataFrame) -> pd.DataFrame:
    back = paid[paid.refunded.astype(bool)]
    delay = town.draw("refunded_at").integers(HOUR, 30 * HOUR, len(back))
    return back.assign(attempted_at=back.attempted_at + delay, status=3)[_PAYMENT_COLUMNS]


def _expired(town: _Town) -> pd.DataFrame:
    """Charges that never went through."""
    left = town.decisions[town.decisions.ending == EXPIRED]
    tries = 1 + town.draw("expired").integers(0, 3, len(left))
    row = np.repeat(np.arange(len(left)), tries)
    person = left.person.to_numpy()[row]
    due = START + (FIRST + left.cohort.to_numpy()[row] + 1) * WEEK
    at = due + town.draw("expired_at").integers(9 * HOUR, 6 * DAY, len(row))
    price = 100 * town.people.price.to_numpy()[person]
    return pd.DataFrame(
        {"person": person, "is_renewal": 1, "kopecks": price, "attempted_at": at, "status": 2}
    )


_PAYMENT_COLUMNS = ["person", "is_renewal", "kopecks", "attempted_at", "status"]


# ------------------------------------------------------------------ renewals and campaigns
def _renewals(town: _Town, ids: Ints) -> pd.DataFrame:
    log = town.decisions
    decided = START + (FIRST + log.cohort.to_numpy()) * WEEK
    churned = log.churned.to_numpy()
    views = leak(churned, town.draw("cancel_page_views"), if_true=2.2, if_false=0.05)
    rows = pd.DataFrame(
        {
            "user_id": ids[log.person.to_numpy()],
            "renewal_due": (decided + WEEK + MOSCOW) // DAY,
            "decision_at": decided,
            "churned": churned.astype(np.int64),
            "label_known_at": decided + 2 * WEEK,
            "cancel_page_views": views,
            "status_final": log.ending.to_numpy(),
        }
    )
    return rows.sort_values(["renewal_due", "user_id"], ignore_index=True)


def _campaigns(town: _Town, ids: Ints) -> pd.DataFrame:
    log = town.decisions
    decided = START + (FIRST + log.cohort.to_numpy()) * WEEK
    hours = np.where(
        log.source == DESK, 96, 10
    )  # letters leave in the morning, agents call all week
    delay = (town.draw("sent_at").random(len(log)) * hours * HOUR).astype(np.int64) + 5 * MINUTE
    rows = pd.DataFrame(
        {
            "user_id": ids[log.person.to_numpy()],
            "renewal_due": (decided + WEEK + MOSCOW) // DAY,
            "sent_at": decided + delay,
            "offer": log.offer.to_numpy(),
            "source": log.source.to_numpy() + 1,
        }
    )
    return rows.sort_values(["renewal_due", "user_id"], ignore_index=True)


# ================================================================== the hidden town
ARRIVAL = {
    "users": "registered_at",
    "events": "ingested_at",
    "payments": "ingested_at",
    "renewals": "label_known_at",
    "campaigns": "sent_at",
}


def _cut(frames: Mapping[str, pd.DataFrame], moment: int) -> dict[str, pd.DataFrame]:
    """Return what a warehouse holds at a moment: nothing that came in later."""
    return cut(frames, ARRIVAL, moment)


def _truth(
    town: _Town, frames: Mapping[str, pd.DataFrame], *, canary: str
) -> dict[str, Iterable[pa.RecordBatch]]:
    moments = pa.table(
        {
            "name": pa.array(list(MOMENTS)),
            "as_of": pa.array(list(MOMENTS.values()), pa.timestamp("ms", "UTC")),
        }
    )
    answers = pa.concat_tables(_answer(frames, as_of) for as_of in MOMENTS.values())
    return {
        "moments": moments.to_batches(),
        "features": answers.to_batches(max_chunksize=BATCH_ROWS),
        "renewals": _judged(town).to_batches(max_chunksize=BATCH_ROWS),
        "canary": pa.table({"token": [canary]}).to_batches(),
    }


def _answer(frames: Mapping[str, pd.DataFrame], as_of: int) -> pa.Table:
    table = pa.Table.from_pandas(features(_cut(frames, as_of), as_of), preserve_index=False)
    moment = pa.array(np.full(table.num_rows, as_of), pa.timestamp("ms", "UTC"))
    return table.add_column(0, "as_of", moment)


def _judged(town: _Town) -> pa.Table:
    """Return the renewals decided at `DECISION`, with both potential outcomes; no staff."""
    log = town.decisions
    log = log[(log.cohort == COHORTS - 1) & ~town.people.staff.to_numpy()[log.person.to_numpy()]]
    person = log.person.to_numpy()
    price = town.people.price.to_numpy()[person].astype(np.float64)
    order = np.argsort(town.people.number.to_numpy()[person])
    table = pa.table(
        {
            "user_id": town.first_id + town.people.number.to_numpy()[person],
            "price_rub": price,
            "days_inactive": log.silent.to_numpy(),
            "offer": np.array(OFFERS)[log.offer.to_numpy()],
            "source": np.array(SOURCES)[log.source.to_numpy()],
            "churned": log.churned.to_numpy().astype(np.int8),
            "churned_none": log.churned_none.to_numpy().astype(np.int8),
            "p0": log.p0.to_numpy(),
            "p1": log.p1.to_numpy(),
            "gain_rub": gain(log.p0.to_numpy(), log.p1.to_numpy(), price),
        }
    )
    return table.take(pa.array(order))


def gain(p0: Floats, p1: Floats, price: Floats) -> Floats:
    """Roubles that the letter brings: kept margin, less the discount and the contact."""
    value = MARGIN_RATE * price * MONTHS
    return (p0 - p1) * value - (1 - p1) * DISCOUNT * price - CONTACT_COST


# ================================================================== the world of the rollout
ROLLOUT_WEEKS = 8
DRIFT_FROM = 4  # the week, of 1 to 8, in which prices rise
PRICE_RISE = 1.1
DRIFTED_PRICE_EFFECT = 1.7  # and weigh more: a competitor has opened next door
WORLD = pa.schema(
    [
        ("week", pa.int8()),
        pa.field("user_id", pa.uint32(), metadata=SHOWN),
        *(pa.field(name, pa.float64(), metadata=SHOWN) for name in FEATURES),
        ("p0", pa.float64()),
        ("p1", pa.float64()),
        ("luck", pa.float64()),
        ("forgot", pa.int8()),
    ]
)


def _world(key: Seed, weekly: int) -> Iterator[pa.RecordBatch]:
    """Yield the renewals of the eight weeks after the present, a week a batch; no staff.

    Each week is decided about people of its own: as many as a week has, each once. `FEATURES` are
    what is known at the decision; p0 and p1 the chance to leave without and with a letter; who
    leaves is ``luck < p``, with one luck for both. From week `DRIFT_FROM` on prices are higher and
    weigh more than in any data that anybody has trained on.
    """
    for week in range(1, ROLLOUT_WEEKS + 1):
        town = _settle(key, block=week, people=round(weekly / DUE_SHARE), phase=3)
        yield _rolled(town, week)


def _rolled(town: _Town, week: int) -> pa.RecordBatch:
    drifted = week >= DRIFT_FROM
    lives = _Lives(joined=town.joined, gone=town.gone, arrived=0)
    luck = _luck(town.draw, len(town.people))
    people = _due(town.people, town.weeks, lives, luck, COHORTS - 1)
    people = people[~people.staff].assign(
        price=lambda one: np.round(one.price * (PRICE_RISE if drifted else 1.0))
    )
    people = _outcome(
        people.assign(offer=0), price_effect=DRIFTED_PRICE_EFFECT if drifted else 1.3
    )
    frames = _cut(_tables(town, from_week=FIRST + COHORTS - 17), DECISION)
    known = features(frames, DECISION)
    latent = pd.DataFrame(
        {
            "user_id": town.first_id + people.number.to_numpy(),
            "price": people.price.to_numpy(),
            "p0": people.p0.to_numpy(),
            "p1": people.p1.to_numpy(),
            "luck": people.outcome.to_numpy(),
            "forgot": people.forgot.to_numpy().astype(np.int8),
        }
    )
    rows = known.merge(latent, on="user_id", how="inner").assign(week=week)
    rows["price_rub"] = rows.pop("price").astype(np.float64)
    return pa.RecordBatch.from_pandas(rows[WORLD.names], schema=WORLD, preserve_index=False)


# ================================================================== reference features
def _relevant(events: pd.DataFrame, as_of: int) -> pd.DataFrame:
    """Return the events that any feature could need: the last months', and the lifelong ones."""
    recent = events.event_ts.to_numpy() > as_of - 85 * DAY
    return events[recent | events.event_type.isin([COUPON, NPS]).to_numpy()]


def _known(frame: pd.DataFrame, key: str, users: pd.DataFrame, as_of: int) -> pd.DataFrame:
    """Return the rows known at a moment, each business key once, with the row of its user."""
    ids = users.user_id.to_numpy()
    frame = frame[frame.ingested_at <= as_of]
    row = np.searchsorted(ids, frame.user_id.to_numpy())
    row = np.minimum(row, len(ids) - 1)
    frame = frame.assign(row=row)[ids[row] == frame.user_id.to_numpy()]
    frame = frame.sort_values("ingested_at", kind="stable")
    return frame[~frame[key].duplicated(keep="first")]


def _counts(
    events: pd.DataFrame, payments: pd.DataFrame, as_of: int, size: int
) -> dict[str, npt.NDArray[np.int64]]:
    row, kind = events.row.to_numpy(), events.event_type.to_numpy()
    age = as_of - events.when.to_numpy()

    def within(event_type: int, days: int) -> npt.NDArray[np.int64]:
        return np.bincount(row[(kind == event_type) & (age < days * DAY)], minlength=size)

    failed = payments[payments.status == 2]
    recent = failed.row.to_numpy()[as_of - failed.attempted_at.to_numpy() < 30 * DAY]
    counts = {f"lessons_{days}d": within(LESSON, days) for days in (7, 14, 28, 84)}
    return counts | {
        "lessons_trend_28d": 2 * counts["lessons_28d"] - within(LESSON, 56),
        "failed_payments_30d": np.bincount(recent, minlength=size),
        "pricing_views_30d": within(PRICING, 30),
        "coupons_lifetime": within(COUPON, 100_000),
        "tickets_30d": within(TICKET, 30),
    }


def _latest(events: pd.DataFrame, as_of: int, size: int) -> dict[str, Floats]:
    """Return what the latest events say; `events` are sorted by time."""
    recent = events[as_of - events.when.to_numpy() < 84 * DAY]
    active = recent[recent.event_type.isin([LOGIN, LESSON])]
    today = (as_of + MOSCOW) // DAY
    seen = _last_of(active.row.to_numpy(), (active.when.to_numpy() + MOSCOW) // DAY, size)
    lessons = recent[(recent.event_type == LESSON) & recent.progress_pct.notna()]
    answered = events[events.event_type == NPS]
    return {
        "days_inactive": np.where(np.isnan(seen), 84.0, today - seen),
        "progress_pct": _last_of(lessons.row.to_numpy(), lessons.progress_pct.to_numpy(), size),
        "nps": _last_of(answered.row.to_numpy(), answered.nps.to_numpy(), size),
    }


def _last_of(row: Ints, values: Floats | Ints, size: int) -> Floats:
    last = np.full(size, np.nan)
    last[row] = values  # later rows overwrite earlier ones
    return last


# ================================================================== Arrow
_MS, _S = pa.timestamp("ms", "UTC"), pa.timestamp("s", "UTC")
_WORD = pa.dictionary(pa.int8(), pa.string())
SCHEMAS = {
    "users": pa.schema(
        [
            ("user_id", pa.uint32()),
            ("registered_at", _S),
            ("tz", _WORD),
            ("channel", _WORD),
            ("plan", _WORD),
            ("price_rub", pa.uint16()),
            ("birth_year", pa.uint16()),
            ("is_test", pa.uint8()),
        ]
    ),
    "events": pa.schema(
        [
            ("event_id", pa.uint64()),
            ("user_id", pa.uint32()),
            ("event_ts", _MS),
            ("ingested_at", _MS),
            ("event_type", _WORD),
            ("course_id", pa.uint16()),
            ("progress_pct", pa.float32()),
            ("duration_s", pa.uint32()),
            ("nps", pa.uint8()),
            ("client", _WORD),
        ]
    ),
    "payments": pa.schema(
        [
            ("payment_id", pa.uint64()),
            ("user_id", pa.uint32()),
            ("attempted_at", _MS),
            ("ingested_at", _MS),
            ("amount_rub", pa.decimal128(10, 2)),
            ("status", _WORD),
            ("is_renewal", pa.uint8()),
        ]
    ),
    "renewals": pa.schema(
        [
            ("user_id", pa.uint32()),
            ("renewal_due", pa.date32()),
            ("decision_at", _S),
            ("churned", pa.uint8()),
            ("label_known_at", _S),
            ("cancel_page_views", pa.uint16()),
            ("status_final", _WORD),
        ]
    ),
    "campaigns": pa.schema(
        [
            ("user_id", pa.uint32()),
            ("renewal_due", pa.date32()),
            ("sent_at", _MS),
            ("offer", _WORD),
            ("source", _WORD),
        ]
    ),
}
WORDS = {
    "tz": ZONES,
    "channel": CHANNELS,
    "plan": ("", *PLANS),
    "event_type": KINDS,
    "client": CLIENTS,
    "status": ("", *STATUSES),
    "status_final": ENDINGS,
    "offer": OFFERS,
    "source": ("", *SOURCES),
}


def _blocks(people: int) -> tuple[int, ...]:
    """Return the sizes of the blocks that a town is simulated in."""
    return blocks(people, of=BLOCK)


def _public_batches(table: str, seed: int, parts: tuple[int, ...]) -> Iterator[pa.RecordBatch]:
    for block, people in enumerate(parts):
        frame = _public_block(seed, block, people)[table]
        yield from batches(frame, SCHEMAS[table], WORDS, rows=BATCH_ROWS)


@lru_cache(maxsize=1)
def _public_block(seed: int, block: int, people: int) -> dict[str, pd.DataFrame]:
    return _tables(_settle(seed, block=block, people=people))
