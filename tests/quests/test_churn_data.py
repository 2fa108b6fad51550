"""Churn's data: the same every time, with the traps that are promised and no others."""

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from graders.loading import load_quest
from tests.quests.churn_data import KEY, ROOT, digests, generator, hidden, public, read

DAY = pd.Timedelta(days=1)
MOSCOW = pd.Timedelta(hours=3)
OFFSETS = {
    "Europe/Kaliningrad": 2,
    "Europe/Moscow": 3,
    "Asia/Yekaterinburg": 5,
    "Asia/Novosibirsk": 7,
    "Asia/Vladivostok": 10,
}


def at(milliseconds: int) -> pd.Timestamp:
    return pd.Timestamp(milliseconds, unit="ms", tz="UTC")


def renewals() -> pd.DataFrame:
    tables = public()
    rows = tables["renewals"].merge(tables["campaigns"], on=["user_id", "renewal_due"])
    return rows.merge(tables["users"], on="user_id")


def auc_of(features: npt.NDArray[np.float64], label: npt.NDArray[np.float64]) -> float:
    model = HistGradientBoostingClassifier(max_iter=60, random_state=0)
    p = cross_val_predict(model, features, label, method="predict_proba", cv=4)
    return float(roc_auc_score(label, p[:, 1]))


# ------------------------------------------------------------------ the same every time


def test_every_table_is_the_same_in_every_process_whatever_the_hash_seed() -> None:
    answers = {
        subprocess.run(
            [sys.executable, "-m", "tests.quests.churn_data", "5"],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for hash_seed in ("0", "4242")
    }
    assert len(answers) == 1
    assert answers.pop().count("\n") == 5 + 2 + 1


def test_a_table_can_be_asked_for_twice_and_another_seed_makes_others() -> None:
    tables = generator().generate(5, "tiny")
    first = digests(tables)
    assert digests(tables) == first
    other = digests(generator().generate(6, "tiny"))
    assert all(other[name] != first[name] for name in first)


def test_a_large_town_comes_in_blocks_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    data = generator()
    monkeypatch.setattr(data, "BLOCK", 700)
    monkeypatch.setattr(data, "BATCH_ROWS", 10_000)
    tables = data.generate(5, "tiny")
    batches = list(tables["events"])
    assert max(batch.num_rows for batch in batches) == 10_000
    users = read(tables)["users"]
    assert users.user_id.is_unique
    assert len(users) == pytest.approx(1_500, rel=0.1)


def test_quest_yaml_declares_what_the_generator_makes() -> None:
    quest = load_quest(ROOT / "quests/churn")
    data = generator()
    assert quest.scales == {name: vars(scale) for name, scale in data.SCALES.items()}
    for name, table in quest.tables.items():
        assert data.SCHEMAS[name].names == list(table.columns)
        assert len(public()[name]) == pytest.approx(table.rows["tiny"], rel=0.1)


# ------------------------------------------------------------------ the story holds together


def test_churned_says_what_the_payments_say() -> None:
    rows = renewals()
    paid = public()["payments"].drop_duplicates("payment_id")
    due = pd.to_datetime(rows.renewal_due).dt.tz_localize("UTC") - MOSCOW
    for status, counts in (("ok", 1), ("refunded", -1)):
        some = paid[(paid.status == status) & (paid.is_renewal == 1)]
        merged = rows.assign(due=due).reset_index().merge(some, on="user_id")
        inside = (merged.attempted_at >= merged.due) & (merged.attempted_at < merged.due + 7 * DAY)
        rows[status] = counts * merged[inside].groupby("index").size()
    balance = rows[["ok", "refunded"]].fillna(0).sum(axis=1)
    assert (balance == 1 - rows.churned).all()


def test_who_left_does_nothing_any_more() -> None:
    tables = public()
    left = renewals().query("churned == 1").set_index("user_id")
    gone = pd.to_datetime(left.renewal_due).dt.tz_localize("UTC") - MOSCOW
    events = tables["events"]
    events = events[events.client != "android-5.1"]  # its clock runs ahead
    ended = events.user_id.map(gone)
    assert (events.event_ts[ended.notna()] < ended[ended.notna()]).all()
    later = renewals().groupby("user_id").churned.agg(["sum", "size", "last"])
    assert set(later["sum"]) <= {0, 1}
    assert (later["last"] == later["sum"]).all()


def test_the_base_stays_about_as_large_and_about_a_fifth_leaves() -> None:
    rows = renewals()
    month = (rows.decision_at - rows.decision_at.min()) // (28 * DAY)
    sizes = rows.groupby(month).size()
    assert len(sizes) == 8
    assert sizes.max() / sizes.min() < 1.15
    assert rows.churned.mean() == pytest.approx(0.19, abs=0.03)


def test_the_pilot_is_a_coin_and_the_rule_is_silence() -> None:
    rows = renewals()
    pilot = rows[rows.source == "pilot"]
    assert (pilot.offer == "discount30").mean() == pytest.approx(0.5, abs=0.05)
    assert pilot.decision_at.min() == sorted(rows.decision_at.unique())[24]
    assert set(rows.offer[rows.source == "desk"]) == {"discount30"}
    assert rows[rows.source == "rule"].offer.eq("discount30").mean() == pytest.approx(
        0.14, abs=0.04
    )


def test_decisions_fall_on_moscow_midnight_seven_days_before_a_monday() -> None:
    rows = renewals()
    due = pd.to_datetime(rows.renewal_due).dt.tz_localize("UTC")
    assert (due.dt.day_of_week == 0).all()
    assert (rows.decision_at == due - 7 * DAY - MOSCOW).all()
    assert (rows.label_known_at == rows.decision_at + 14 * DAY).all()


# ------------------------------------------------------------------ the traps, at their rates


def test_some_rows_come_twice_with_the_same_key_and_later() -> None:
    for table, key, rate in (("events", "event_id", 0.015), ("payments", "payment_id", 0.01)):
        rows = public()[table]
        copies = rows[rows.duplicated(key, keep=False)].sort_values([key, "ingested_at"])
        assert rows.duplicated(key).mean() == pytest.approx(rate, rel=0.25)
        same = copies.drop(columns="ingested_at").drop_duplicates()
        assert same[key].is_unique
        gaps = copies.groupby(key).ingested_at.agg(["min", "max"])
        assert (gaps["max"] > gaps["min"]).all()


def test_some_rows_come_late() -> None:
    rows = public()["events"].drop_duplicates("event_id")
    rows = rows[rows.client != "android-5.1"]
    delay = rows.ingested_at - rows.event_ts
    assert (delay > pd.Timedelta(minutes=1)).mean() == pytest.approx(0.03, rel=0.2)
    assert delay.min() > pd.Timedelta(0)
    assert delay.max() <= 72 * pd.Timedelta(hours=1) + DAY


def test_one_client_writes_local_time() -> None:
    rows = public()["events"].drop_duplicates("event_id").merge(public()["users"], on="user_id")
    local = rows.client == "android-5.1"
    assert local.mean() == pytest.approx(0.04, abs=0.015)
    ahead = rows.event_ts > rows.ingested_at
    assert not ahead[~local].any()
    assert ahead[local].mean() > 0.7
    offset = pd.to_timedelta(rows.tz.astype(str).map(OFFSETS), unit="h")
    assert (rows.event_ts[local] - offset[local] <= rows.ingested_at[local]).all()


def test_values_are_missing_at_random_given_something() -> None:
    users, events = public()["users"], public()["events"]
    by_channel = users.birth_year.isna().groupby(users.channel.astype(str)).mean()
    assert users.birth_year.isna().mean() == pytest.approx(0.2, abs=0.04)
    assert by_channel["partner"] == by_channel.max()
    lessons = events[events.event_type == "lesson"]
    by_client = lessons.progress_pct.isna().groupby(lessons.client.astype(str)).mean()
    assert by_client["ios-4.8"] == by_client.max()
    assert lessons.progress_pct.isna().mean() == pytest.approx(0.13, abs=0.04)
    assert events[events.event_type != "lesson"].progress_pct.isna().all()


def test_the_staff_behaves_like_nobody() -> None:
    users, events = public()["users"], public()["events"]
    staff = users.user_id[users.is_test == 1]
    assert 1 <= len(staff) <= 10
    busy = events.groupby("user_id").size()
    assert busy[busy.index.isin(staff)].mean() > 5 * busy[~busy.index.isin(staff)].mean()
    assert (users.price_rub[users.is_test == 1] == 1).all()


def test_the_columns_that_are_filled_in_later_give_the_outcome_away_and_nothing_else_does() -> (
    None
):
    rows = renewals().query("is_test == 0")
    label = rows.churned.to_numpy()
    assert roc_auc_score(label, rows.cancel_page_views) > 0.9
    assert (rows.status_final.astype(str).ne("active") == (label == 1)).all()
    truth = read(hidden().truth)
    answers = truth["features"][truth["features"].as_of == truth["moments"].as_of.iloc[-1]]
    both = answers.merge(truth["renewals"][["user_id", "churned"]], on="user_id")
    for name in generator().FEATURES:
        known = both[both[name].notna()]
        alone = roc_auc_score(known.churned, known[name])
        assert max(alone, 1 - alone) < 0.75, name


# ------------------------------------------------------------------ nothing else gives it away


def test_row_number_and_id_do_not_predict() -> None:
    rows = renewals().query("is_test == 0").reset_index(drop=True)
    number = rows.user_id.to_numpy(np.float64)
    clues = np.column_stack(
        [
            np.arange(len(rows)),
            number,
            number % 10,
            number % 2,
            rows.groupby("renewal_due").cumcount(),
        ]
    )
    assert auc_of(clues, rows.churned.to_numpy()) < 0.55


def test_ids_are_in_no_order() -> None:
    for rows in (public()["users"], read(hidden().datasets["hidden"])["users"]):
        assert abs(rows.user_id.corr(rows.registered_at.astype("int64"))) < 0.06


def test_hidden_customers_are_other_people() -> None:
    theirs = read(hidden().datasets["hidden"])
    ours = public()
    assert not set(theirs["users"].user_id) & set(ours["users"].user_id)
    facts = ["registered_at", "tz", "channel", "plan", "birth_year"]
    both = theirs["users"][facts].astype(str).merge(ours["users"][facts].astype(str))
    assert len(both) <= 2
    moments = set(ours["events"].event_ts)
    assert theirs["events"].event_ts.isin(moments).mean() < 0.001


def test_another_key_makes_other_customers() -> None:
    other = generator().hidden(KEY[::-1], "tiny")
    for name in ("hidden", "hidden_cut"):
        one, two = digests(hidden().datasets[name]), digests(other.datasets[name])
        assert all(one[table] != two[table] for table in one)


def test_hidden_datasets_end_at_their_moment_and_hold_no_judged_outcome() -> None:
    moments = read(hidden().truth)["moments"].set_index("name").as_of
    judged = set(read(hidden().truth)["renewals"].user_id)
    for name, moment in (("hidden", "decision"), ("hidden_cut", "cut")):
        tables, end = read(hidden().datasets[name]), moments[moment]
        assert tables["events"].ingested_at.max() <= end
        assert tables["payments"].ingested_at.max() <= end
        assert tables["renewals"].label_known_at.max() <= end
        assert tables["campaigns"].sent_at.max() <= end
        assert tables["users"].registered_at.max() <= end
        assert tables["renewals"].decision_at.max() < moments["decision"]
        known = tables["renewals"].query("churned == 1").user_id
        assert not judged & set(known)


def test_hidden_cut_is_hidden_without_what_came_later() -> None:
    whole, before = (read(hidden().datasets[name]) for name in ("hidden", "hidden_cut"))
    cut = read(hidden().truth)["moments"].set_index("name").as_of["cut"]
    for table, column in (("events", "ingested_at"), ("payments", "ingested_at")):
        kept = whole[table][whole[table][column] <= cut].reset_index(drop=True)
        pd.testing.assert_frame_equal(kept, before[table])
    assert len(before["events"]) < len(whole["events"])


def test_the_canary_is_in_truth_alone() -> None:
    (token,) = read(hidden().truth)["canary"].token
    assert len(token) == 32
    assert read(generator().hidden(KEY[::-1], "tiny").truth)["canary"].token[0] != token
    for tables in hidden().datasets.values():
        for frame in read(tables).values():
            texts = frame.select_dtypes(exclude=["number", "datetimetz"]).astype(str)
            assert not texts.apply(lambda column: column.str.contains(token)).any().any()


def test_the_truth_is_the_games_own() -> None:
    truth = read(hidden().truth)
    rows = truth["renewals"]
    assert len(rows) == pytest.approx(1_500, rel=0.15)
    assert rows.churned_none.mean() == pytest.approx(rows.p0.mean(), abs=0.02)
    value, discount = 2.1 * rows.price_rub, 0.3 * rows.price_rub
    expected = (rows.p0 - rows.p1) * value - (1 - rows.p1) * discount - 12
    assert np.allclose(rows.gain_rub, expected)
    treated = rows.offer == "discount30"
    assert (rows.churned[~treated] == rows.churned_none[~treated]).all()
    assert sorted(truth["moments"].name) == ["cut", "decision", "early"]


def test_gain_of_a_letter_by_hand() -> None:
    cases = [(0.40, 0.25, 1990, 167.10), (0.20, 0.12, 1990, -203.04), (0.05, 0.05, 990, -294.15)]
    for p0, p1, price, roubles in [*cases, (0.03, 0.24, 1990, -1343.31)]:
        found = generator().gain(np.array([p0]), np.array([p1]), np.array([price]))
        assert found[0] == pytest.approx(roubles, abs=0.005)


def test_doing_nothing_beats_the_incumbent_and_a_perfect_list_beats_both() -> None:
    rows = read(hidden().truth)["renewals"]
    gain = rows.gain_rub.to_numpy()
    best = np.sort(gain)[::-1][: int(0.15 * len(gain))]
    incumbent = gain[rows.days_inactive >= 14].sum()
    assert incumbent < 0 < best[best > 0].sum()
    assert gain.sum() < incumbent


# ------------------------------------------------------------------ features by hand


def hand_made() -> dict[str, pd.DataFrame]:
    """Two customers, one of the staff; as_of is `DECISION`, midnight in Moscow."""
    data = generator()
    now, day, hour = data.DECISION, data.DAY, data.HOUR
    users = pd.DataFrame(
        {
            "user_id": [7, 8, 9],
            "registered_at": [now - 57 * day, now - 27 * day, now - 90 * day],
            "tz": [2, 4, 1],  # Yekaterinburg (+5), Vladivostok (+10), Moscow
            "price_rub": [990, 1990, 1],
            "is_test": [0, 0, 1],
        }
    )
    lesson, login, pricing = data.LESSON, data.LOGIN, data.PRICING
    coupon, ticket, nps, local = data.COUPON, data.TICKET, data.NPS, data.LOCAL_TIME_CLIENT
    nan = float("nan")
    events = pd.DataFrame(
        [
            # id, user, when, delay, type, progress, nps, client
            (1, 7, now - 7 * day, hour, lesson, 0.5, nan, 0),  # on the edge: no more in 7 days
            (2, 7, now - 7 * day + 1, hour, lesson, nan, nan, 0),  # just inside, no progress
            (2, 7, now - 7 * day + 1, 3 * hour, lesson, nan, nan, 0),  # the same, again
            (3, 7, now - 30 * day, hour, lesson, 0.9, nan, 0),  # one of the 28 days before
            (4, 7, now - 2 * hour, 3 * hour, lesson, 0.8, nan, 0),  # ingested too late
            (5, 7, now + 4 * hour, -8 * hour, login, nan, nan, local),  # 23:00 yesterday, truly
            (6, 7, now - 30 * day + 1, hour, pricing, nan, nan, 0),
            (7, 7, now - 200 * day, hour, coupon, nan, nan, 0),
            (8, 7, now - 29 * day, hour, ticket, nan, nan, 0),
            (9, 7, now - 100 * day, hour, nps, nan, 3.0, 0),
            (10, 7, now - 90 * day, hour, nps, nan, 9.0, 0),
            (11, 9, now - day, hour, lesson, 0.1, nan, 0),  # the staff's
        ],
        columns=[
            "event_id",
            "user_id",
            "event_ts",
            "delay",
            "event_type",
            "progress_pct",
            "nps",
            "client",
        ],
    )
    payments = pd.DataFrame(
        [
            (1, 7, now - 30 * day + 1, hour, 2),
            (1, 7, now - 30 * day + 1, 2 * hour, 2),  # again
            (2, 7, now - 30 * day, hour, 2),  # too old
            (3, 7, now - 2 * day, hour, 1),  # it went through
            (4, 7, now - hour, 2 * hour, 2),  # not known yet
        ],
        columns=["payment_id", "user_id", "attempted_at", "delay", "status"],
    )
    return {
        "users": users,
        "events": events.assign(ingested_at=events.event_ts + events.delay),
        "payments": payments.assign(ingested_at=payments.attempted_at + payments.delay),
    }


def test_features_of_a_customer_by_hand() -> None:
    rows = generator().features(hand_made(), generator().DECISION).set_index("user_id")
    assert list(rows.index) == [7, 8]
    busy = rows.loc[7].to_dict()
    assert busy == {
        "lessons_7d": 1,
        "lessons_14d": 2,
        "lessons_28d": 2,
        "lessons_84d": 3,
        "lessons_trend_28d": 1,
        "days_inactive": 1,
        "tenure_months": 2,
        "price_rub": 990,
        "failed_payments_30d": 1,
        "pricing_views_30d": 1,
        "coupons_lifetime": 1,
        "tickets_30d": 1,
        "progress_pct": 0.5,
        "nps": 9,
    }


def test_features_of_a_customer_who_did_nothing() -> None:
    rows = generator().features(hand_made(), generator().DECISION).set_index("user_id")
    quiet = rows.loc[8]
    assert quiet[["progress_pct", "nps"]].isna().all()
    assert quiet[["days_inactive", "tenure_months", "price_rub"]].tolist() == [84, 0, 1990]
    assert (
        quiet.drop(["progress_pct", "nps", "days_inactive", "tenure_months", "price_rub"]) == 0
    ).all()


def test_somebody_not_registered_yet_has_no_features() -> None:
    data = generator()
    rows = data.features(hand_made(), data.DECISION - 40 * data.DAY)
    assert rows.user_id.tolist() == [7]


def test_features_do_not_change_when_the_future_is_cut_off() -> None:
    data = generator()
    frames = data.public_frames(data.PUBLIC_SEED, "tiny")
    for moment in (data.DECISION - 100 * data.DAY, data.DECISION - 31 * data.HOUR):
        whole = data.features(frames, moment)
        before = data.features(data._cut(frames, moment), moment)
        pd.testing.assert_frame_equal(whole, before)


def test_windows_grow_with_their_length() -> None:
    rows = read(hidden().truth)["features"]
    names = ["lessons_7d", "lessons_14d", "lessons_28d", "lessons_84d"]
    for shorter, longer in pairwise(names):
        assert (rows[shorter] <= rows[longer]).all()
    found = tuple(name for name in rows.columns if name not in ("as_of", "user_id"))
    assert found == generator().FEATURES
