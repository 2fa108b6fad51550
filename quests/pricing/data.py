"""The city of a taxi app: who asks for a car, where, when, at what price, and who drives away.

Everything lives on a grid of zones and quarter hours, a *cell*. The causes run one way only:

1. a zone: size, fleet, fare, how willing its people are and how much a price moves them;
2. the hour and day *on the zone's own clock*, the weather of its city, events, and a local shock
   that nobody records. The shock moves how many people ask **and** how much they would pay;
3. requests, and the app openings a few minutes before, which are known when a price is set;
4. the price: the house rule looks at the last quarter hour; six quotes of a hundred get a price
   by lot;
5. whether a rider accepts, and whether a car is left for those who do.

Then the warehouse tells of it as warehouses do: riders ask again within minutes, rows come twice
or late, cells without a request are no rows at all, the waiting time is missing where no car was,
and a fare is written once a ride has ended.

Learners see `generate`. `hidden` is the same city in the weeks after, with other luck, under a
secret key.
"""

from collections.abc import Callable, Iterator, Mapping
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
    Floats,
    Hidden,
    Ints,
    Seed,
    Tables,
    dup,
    late,
    rng,
)
from graders.streams import Lazy, as_tables, batches

PUBLIC_SEED = 20240603


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How large a city, and how long it is watched."""

    zones: int
    days: int  # that the public warehouse holds
    hidden: int  # days after the present, as logs that only the judge draws
    rollout: int  # days of the rollout's world


SCALES = {
    "tiny": Scale(zones=5, days=14, hidden=7, rollout=14),
    "default": Scale(zones=40, days=60, hidden=7, rollout=14),
    "large": Scale(zones=200, days=180, hidden=7, rollout=14),
}

# ------------------------------------------------------------------ the calendar
STEP = 15 * MINUTE
STEPS_A_DAY = DAY // STEP
NOW = int(np.datetime64("2024-06-03", "ms").astype(np.int64))  # a Monday, 00:00 UTC
WARM = 4  # steps before the first one that only say what was asked in the last hour
CITIES = ("Moscow", "Yekaterinburg")
ZONES = ("Europe/Moscow", "Asia/Yekaterinburg")
CITY_HOURS = np.array([3, 5])
KINDS = ("business", "residential")
HOLIDAYS = (
    (0, "2024-01-01", "New Year"),
    (1, "2024-01-01", "New Year"),
    (0, "2024-02-23", "Defender Day"),
    (1, "2024-02-23", "Defender Day"),
    (0, "2024-03-08", "Women's Day"),
    (1, "2024-03-08", "Women's Day"),
    (0, "2024-05-01", "May Day"),
    (1, "2024-05-01", "May Day"),
    (0, "2024-05-09", "Victory Day"),
    (1, "2024-05-09", "Victory Day"),
    (1, "2024-05-24", "Marathon"),
    (0, "2024-06-12", "Russia Day"),
    (1, "2024-06-12", "Russia Day"),
)

# ------------------------------------------------------------------ the laws of the city
BLOCK = 20  # zones simulated at a time; larger cities are several of them
FARE = 320.0
SHOCK, SHOCK_SD = 0.93, 0.45
RAIN, RAIN_SD, RAINS_ABOVE = 0.97, 0.25, 1.1
EVENT_SHARE = 0.04
SUPPLY_ELASTICITY = 0.35  # drivers drift to where the price is higher
EXPLORE_SHARE = 0.06
REQUOTED = 0.18
PRICES = np.round(np.arange(0.80, 2.5001, 0.05), 2)  # every price that there is
EXPLORED = PRICES[PRICES <= 2.0]
RULE_SLOPE, RULE_FROM, RULE_MOST = 0.5, 0.9, 1.8
SOURCES = ("rule", "explore")
CLIENTS = ("ios-7.2", "ios-7.1", "android-9.0", "android-8.8")
BATCH = (
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
)

Draws = Callable[[str], np.random.Generator]


# ================================================================== what others call
def generate(seed: int, scale: str) -> Tables:
    """Return the public warehouse: four tables in batches, the same for a seed and scale."""
    size = SCALES[scale]
    return {
        table: Lazy(partial(_public_batches, table, seed, size), schema)
        for table, schema in SCHEMAS.items()
    }


def public_cells(seed: int, scale: str) -> pd.DataFrame:
    """Return the cells of the public days with all that is hidden of them, for calibration."""
    size = SCALES[scale]
    parts = [cells(seed, size, "public", block) for block in range(_blocks(size))]
    return pd.concat(parts, ignore_index=True)


def hidden(key: bytes, scale: str) -> Hidden:
    """Return the weeks after the present in the same city, known to nobody without the key.

    `datasets`: ``hidden`` is the log of the first days after `NOW`, as the warehouse holds it.

    `truth`: ``zones`` (zone_id, alpha, beta), ``cells`` (those days: `BATCH`, what was asked in
    each cell and the rate it came from), ``world`` (the cells of the rollout, see `rolled`),
    ``riders`` (one luck for each request of the rollout) and ``canary`` (a token that may turn up
    nowhere else).
    """
    size = SCALES[scale]
    logged = cells(key, size, "hidden", None)
    frames = {**_tables(key, size, "hidden", None, logged)}
    world, riders = rolled(key, scale)
    return Hidden(
        datasets={"hidden": as_tables(frames, SCHEMAS, WORDS)},
        truth={
            "zones": _arrow(city(size)[["zone_id", "alpha", "beta", "base_fare_rub"]]),
            "cells": _arrow(_told(logged)),
            "world": _arrow(_told(world)),
            "riders": _arrow(riders),
            "canary": pa.table({"token": [rng(key, "canary").bytes(16).hex()]}).to_batches(),
        },
    )


def rolled(key: Seed, scale: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the cells of the rollout, ordered by step and zone, and the luck of their riders.

    Its weeks begin at `NOW`. Who accepts is ``luck < acceptance(price)``, with one luck a request
    whatever the price, so every cell has a fixed outcome under every price.
    """
    found = cells(key, SCALES[scale], "world", None)
    found = found.sort_values(["step_at", "zone_id"], ignore_index=True)
    asked = found["requests"].to_numpy()
    luck = rng(key, "world/luck").random(int(asked.sum()))
    riders = pd.DataFrame({"cell": np.repeat(np.arange(len(found)), asked), "luck": luck})
    return found, riders


CLOCK = {"public": NOW, "hidden": NOW + 7 * DAY}  # simkit.now() in each


# ================================================================== the city
@lru_cache(maxsize=4)
def city(size: Scale, seed: int = PUBLIC_SEED) -> pd.DataFrame:
    """Return the zones, one row each: the public facts and the hidden ones."""
    count = size.zones
    number = np.arange(count)
    where, kind = number % 2, number // 2 % 2

    def uniform(stream: str, low: float, high: float) -> Floats:
        return rng(seed, f"zones/{stream}").uniform(low, high, count)

    return pd.DataFrame(
        {
            "zone_id": 101 + number,
            "city": where,
            "tz": where,
            "kind": kind,
            "base_fare_rub": np.round(FARE * uniform("fare", 0.8, 1.25), 0),
            "vol": np.exp(rng(seed, "zones/vol").normal(2.2, 0.45, count)),
            "alpha": uniform("alpha", 0.4, 1.2),
            "beta": uniform("beta", 2.8, 4.8),
            "supply": uniform("supply", 0.75, 1.3),
        }
    )


def profile(kind: Ints, hour: Floats, *, free: npt.NDArray[np.bool_]) -> Floats:
    """How much is asked at an hour of the zone's own clock, on working days and on free ones."""
    morning = 1.1 * np.exp(-(((hour - 8.5) / 1.6) ** 2))
    evening = 1.2 * np.exp(-(((hour - 18.5) / 2.0) ** 2))
    business = (0.35 + morning + evening) * np.where(free, 0.55, 1.0)
    noon = 0.5 * np.exp(-(((hour - 13.0) / 4.0) ** 2))
    night = 1.1 * np.exp(-(((hour - 22.0) / 2.2) ** 2))
    homes = (0.4 + noon + night) * np.where(free, 1.35, 1.0)
    found: Floats = np.where(kind == 0, business, homes)
    return found


def cells(seed: Seed, size: Scale, period: str, block: int | None) -> pd.DataFrame:
    """Return the cells of a period, by zone and step: what is known of them, and what is not.

    `period` is public (until `NOW`), hidden or world (from `NOW` on). `block` chooses some zones.
    """
    zones = city(size, seed if isinstance(seed, int) else PUBLIC_SEED)
    if block is not None:
        zones = zones.iloc[block * BLOCK : (block + 1) * BLOCK]
    days = {"public": size.days, "hidden": size.hidden, "world": size.rollout}[period]
    begin = NOW - days * DAY if period == "public" else NOW

    def draw(stream: str) -> np.random.Generator:
        return rng(seed, f"{period}/{stream}/{0 if block is None else block}")

    time = begin + STEP * np.arange(-WARM, days * STEPS_A_DAY)
    weather = [_weather(rng(seed, f"{period}/rain/{c}"), len(time)) for c in range(len(CITIES))]
    found = _laws(draw, zones, time, np.array(weather))
    return _asked(draw, found)


def _laws(draw: Draws, zones: pd.DataFrame, time: Ints, weather: Floats) -> pd.DataFrame:
    """What a quarter hour is like in each zone, before anybody asks."""
    column = {name: zones[name].to_numpy()[:, None] for name in zones}
    local = time[None, :] + CITY_HOURS[column["city"]] * HOUR
    day, hour = local // DAY, (local % DAY) / HOUR
    holiday = _is_holiday(column["city"], day)
    free = ((day + 3) % 7 >= 5) | holiday  # 1 January 1970 was a Thursday
    usual = profile(column["kind"], hour, free=free)
    mean = np.where(column["kind"] == 0, 0.657, 0.726)
    rain = weather[zones["city"].to_numpy()]
    event = _events(draw, day) & (hour >= 19) & (hour < 23)
    shock = _shock(draw("shock"), usual.shape)
    lifted = (1 + 0.35 * rain) * (1 + 1.2 * event)
    rate = column["vol"] * usual * lifted * np.exp(shock - SHOCK_SD**2 / 2)
    willing = column["alpha"] + 0.35 * rain + 0.25 * event + 1.5 * shock
    fleet = column["supply"] * column["vol"] * (0.36 + 0.26 * usual / mean) * (1 - 0.15 * rain)
    fleet = fleet * np.exp(draw("fleet").normal(0, 0.12, usual.shape))
    count = len(time)
    flat = {
        "step_at": np.broadcast_to(time, usual.shape),
        "hour": hour.astype(np.int64),
        "holiday": holiday,
        "rain": rain,
        "event": event,
        "rate": rate,
        "willing": willing,
        "drivers_free": np.maximum(1, np.round(fleet)),
    }
    frame = pd.DataFrame({name: np.ravel(value) for name, value in flat.items()})
    for name in ("holiday", "rain", "event", "drivers_free"):
        frame[name] = frame[name].astype(np.int64)
    for name in ("zone_id", "beta", "base_fare_rub", "tz", "kind"):
        frame[name] = np.repeat(zones[name].to_numpy(), count)
    return frame


def _asked(draw: Draws, frame: pd.DataFrame) -> pd.DataFrame:
    """Add who asks, and what the house rule makes of it; the steps before the first one go."""
    zones = frame["zone_id"].nunique()
    rate = frame["rate"].to_numpy().reshape(zones, -1)
    asked = draw("requests").poisson(rate)
    before = np.zeros((4, *asked.shape), dtype=np.int64)
    for lag in range(1, 5):
        before[lag - 1, :, lag:] = asked[:, :-lag]
    frame = frame.assign(
        app_opens_5m=draw("opens").poisson(0.6 * rate).ravel(),
        requests=asked.ravel(),
        requests_prev_15m=before[0].ravel(),
        requests_prev_60m=before.sum(axis=0).ravel(),
    )
    frame["rule"] = rule(frame["requests_prev_15m"].to_numpy(), frame["drivers_free"].to_numpy())
    warm = np.tile(np.arange(asked.shape[1]) < WARM, zones)
    return frame[~warm].reset_index(drop=True)


def rule(requests_prev_15m: Ints, drivers_free: Ints) -> Floats:
    """The house rule, rounded to the app's step of 0.05."""
    pressure = requests_prev_15m / np.maximum(drivers_free, 1) - RULE_FROM
    raw = np.clip(1 + RULE_SLOPE * np.maximum(pressure, 0), 1, RULE_MOST)
    return np.round(np.round(raw / 0.05 + 1e-9) * 0.05, 2)


def accepts(willing: Floats, beta: Floats, price: Floats) -> Floats:
    """The chance that a rider takes a price."""
    found: Floats = 1 / (1 + np.exp(beta * np.log(price) - willing))
    return found


def cars(drivers_free: Ints, price: Floats) -> Ints:
    """Cars at hand under a price: drivers drift to where it is higher."""
    found: Ints = np.floor(drivers_free * price**SUPPLY_ELASTICITY + 1e-9).astype(np.int64)
    return found


def _weather(draw: np.random.Generator, count: int) -> Floats:
    noise = draw.standard_normal(count)
    level = noise[0] * RAIN_SD / np.sqrt(1 - RAIN**2)
    path = np.empty(count)
    for step in range(count):
        level = RAIN * level + RAIN_SD * noise[step]
        path[step] = level
    return (path > RAINS_ABOVE).astype(np.float64)


def _shock(draw: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    zones, count = shape
    noise = SHOCK_SD * draw.standard_normal((count, zones))
    level, path = noise[0], np.empty((count, zones))
    for step in range(count):
        level = SHOCK * level + np.sqrt(1 - SHOCK**2) * noise[step]
        path[step] = level
    return path.T


def _events(draw: Draws, day: Ints) -> npt.NDArray[np.bool_]:
    """Which cells lie on a day with an event in their zone."""
    number = day - day.min()
    coins = draw("event").random((len(day), int(number.max()) + 1)) < EVENT_SHARE
    found: npt.NDArray[np.bool_] = np.take_along_axis(coins, number, axis=1)
    return found


def _is_holiday(where: Ints, day: Ints) -> npt.NDArray[np.bool_]:
    found = np.zeros(day.shape, dtype=np.bool_)
    for place, date, _ in HOLIDAYS:
        number = int(np.datetime64(date, "D").astype(np.int64))
        found |= (day == number) & (where == place)
    return found


# ================================================================== what the warehouse holds
def _tables(
    seed: Seed, size: Scale, period: str, block: int | None, found: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    zones = city(size, seed if isinstance(seed, int) else PUBLIC_SEED)

    def draw(stream: str) -> np.random.Generator:
        return rng(seed, f"{period}/{stream}/{0 if block is None else block}")

    first = 1 + 100_000_000 * (0 if block is None else block)
    names = pd.DataFrame(HOLIDAYS, columns=["city", "day", "name"])
    names["day"] = [int(np.datetime64(day, "D").astype(np.int64)) for day in names["day"]]
    return {
        "zones": zones,
        "quotes": _quotes(draw, found, first),
        "zone_state": found,
        "holidays": names.sort_values(["city", "day"], ignore_index=True),
    }


def _quotes(draw: Draws, found: pd.DataFrame, first: int) -> pd.DataFrame:
    """Every time that the app showed a price, ordered by zone and moment."""
    sessions = _sessions(draw, found)
    sessions["session_id"] = first + draw("session_id").permutation(len(sessions))
    sessions["rider_id"] = draw("rider_id").integers(10_000, 4_000_000, len(sessions))
    sessions["client"] = draw("client").choice(4, len(sessions), p=[0.34, 0.14, 0.37, 0.15])
    again = (draw("again").random(len(sessions)) < REQUOTED).astype(np.int64)
    again += again * (draw("again_twice").random(len(sessions)) < 0.25)
    row = np.repeat(np.arange(len(sessions)), 1 + again)
    begin = np.repeat(np.cumsum(1 + again) - 1 - again, 1 + again)
    turn = np.arange(len(row)) - begin
    rows = sessions.iloc[row].reset_index(drop=True)
    gap = draw("gap").integers(5_000, 85_000, len(row)) * turn  # at most two, within three minutes
    rows["quoted_at"] = rows["asked_at"] + gap
    last = turn == again[row]
    rows["accepted"] = rows["accepted"] & last
    rows["completed"] = rows["completed"] & last
    rows["final_fare_rub"] = np.where(rows["completed"], _fares(draw, rows), np.nan)
    rows["eta_s"] = _waiting(draw, rows)
    rows["ingested_at"] = late(rows["quoted_at"].to_numpy(), draw("late"), rate=0.02)
    rows = rows.sort_values(["zone_id", "quoted_at", "session_id"], ignore_index=True)
    rows["quote_id"] = first + np.arange(len(rows))
    rows = dup(rows, draw("dup"), rate=0.012)
    rows = rows.sort_values(["zone_id", "quoted_at", "quote_id", "ingested_at"], ignore_index=True)
    return rows.assign(
        accepted=rows["accepted"].astype(np.int64), completed=rows["completed"].astype(np.int64)
    )


def _sessions(draw: Draws, found: pd.DataFrame) -> pd.DataFrame:
    """Who asked, in order: the price they saw, whether they took it, whether a car was left."""
    asked = found["requests"].to_numpy()
    cell = np.repeat(np.arange(len(found)), asked)
    moment = found["step_at"].to_numpy()[cell] + draw("moment").integers(0, STEP, len(cell))
    order = np.lexsort((moment, cell))
    cell, moment = cell[order], moment[order]
    lot = draw("explore").random(len(cell)) < EXPLORE_SHARE
    usual = found["rule"].to_numpy()
    price = np.where(lot, draw("price").choice(EXPLORED, len(cell)), usual[cell])
    chance = accepts(found["willing"].to_numpy()[cell], found["beta"].to_numpy()[cell], price)
    accepted = draw("accept").random(len(cell)) < chance
    total: Ints = np.cumsum(accepted) - accepted
    start = (np.cumsum(asked) - asked)[cell]
    taken: Ints = total - total[start]  # accepted before, in this cell
    at_hand = cars(found["drivers_free"].to_numpy(), usual)[cell]
    return pd.DataFrame(
        {
            "zone_id": found["zone_id"].to_numpy()[cell],
            "asked_at": moment,
            "multiplier": price,
            "price_source": 1 + lot,
            "drivers_free": at_hand,
            "left": np.maximum(at_hand - taken, 0),
            "accepted": accepted,
            "completed": accepted & (taken < at_hand),
            "base_fare_rub": found["base_fare_rub"].to_numpy()[cell],
        }
    )


def _fares(draw: Draws, rows: pd.DataFrame) -> Floats:
    way = np.exp(draw("way").normal(-0.02, 0.2, len(rows)))
    fare: Floats = rows["base_fare_rub"].to_numpy() * rows["multiplier"].to_numpy() * way
    return np.round(fare, 2)


def _waiting(draw: Draws, rows: pd.DataFrame) -> Floats:
    """Seconds until a car would come; nothing where none is left."""
    left = rows["left"].to_numpy()
    seconds = 80 + 700 / np.maximum(left, 1) + draw("eta").exponential(60, len(rows))
    return np.where(left > 0, np.round(seconds), np.nan)


# ================================================================== Arrow
_MS, _S = pa.timestamp("ms", "UTC"), pa.timestamp("s", "UTC")
_WORD = pa.dictionary(pa.int8(), pa.string())
SCHEMAS = {
    "zones": pa.schema(
        [
            ("zone_id", pa.uint16()),
            ("city", _WORD),
            ("tz", _WORD),
            ("kind", _WORD),
            ("base_fare_rub", pa.float64()),
        ]
    ),
    "quotes": pa.schema(
        [
            ("quote_id", pa.uint64()),
            ("session_id", pa.uint64()),
            ("rider_id", pa.uint32()),
            ("zone_id", pa.uint16()),
            ("quoted_at", _MS),
            ("ingested_at", _MS),
            ("multiplier", pa.float64()),
            ("price_source", _WORD),
            ("eta_s", pa.uint16()),
            ("drivers_free", pa.uint16()),
            ("accepted", pa.uint8()),
            ("completed", pa.uint8()),
            ("final_fare_rub", pa.float32()),
            ("client", _WORD),
        ]
    ),
    "zone_state": pa.schema(
        [
            ("zone_id", pa.uint16()),
            ("step_at", _S),
            ("drivers_free", pa.uint16()),
            ("app_opens_5m", pa.uint16()),
            ("rain", pa.uint8()),
            ("event", pa.uint8()),
        ]
    ),
    "holidays": pa.schema([("city", _WORD), ("day", pa.date32()), ("name", pa.string())]),
}
WORDS = {
    "city": CITIES,
    "tz": ZONES,
    "kind": KINDS,
    "price_source": ("", *SOURCES),
    "client": CLIENTS,
}


def _told(found: pd.DataFrame) -> pd.DataFrame:
    """Cells as a judge reads them: words and moments instead of codes."""
    return found.assign(
        step_at=pd.to_datetime(found["step_at"], unit="ms", utc=True),
        tz=np.array(ZONES)[found["tz"]],
        kind=np.array(KINDS)[found["kind"]],
    )


def _arrow(frame: pd.DataFrame) -> list[pa.RecordBatch]:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    found: list[pa.RecordBatch] = table.to_batches(max_chunksize=BATCH_ROWS)
    return found


def _blocks(size: Scale) -> int:
    return -(-size.zones // BLOCK)


def _public_batches(table: str, seed: int, size: Scale) -> Iterator[pa.RecordBatch]:
    blocks = _blocks(size) if table in ("quotes", "zone_state") else 1
    for block in range(blocks):
        frame = _public_block(seed, size, block)[table]
        yield from batches(frame, SCHEMAS[table], WORDS, rows=BATCH_ROWS)


@lru_cache(maxsize=1)
def _public_block(seed: int, size: Scale, block: int) -> Mapping[str, pd.DataFrame]:
    return _tables(seed, size, "public", block, cells(seed, size, "public", block))
