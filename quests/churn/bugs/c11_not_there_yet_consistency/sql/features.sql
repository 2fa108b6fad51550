-- What was known about each customer at {as_of}: one row a customer, ordered by user_id.
-- Facts are cleaned once, at the source: known by then, once each, on the right clock. Every
-- window below sees cleaned facts only, so there is one place to read and one place to repair.
WITH
    {as_of:DateTime64(3, 'UTC')} AS moment,
    people AS (
        SELECT
            user_id,
            registered_at,
            price_rub,
            -- These zones have no summer time, so an offset is a constant.
            transform(
                tz,
                ['Europe/Kaliningrad', 'Europe/Moscow', 'Asia/Yekaterinburg', 'Asia/Novosibirsk', 'Asia/Vladivostok'],
                [2, 3, 5, 7, 10],
                0
            ) AS utc_offset
        FROM users
        WHERE NOT is_test AND registered_at <= moment
    ),
    facts AS (
        SELECT
            e.user_id AS user_id,
            e.event_id AS event_id,
            e.event_type AS event_type,
            e.progress_pct AS progress_pct,
            e.nps AS nps,
            -- One release of the Android client wrote the customer's local time into a UTC column.
            if(e.client = 'android-5.1', e.event_ts - toIntervalHour(p.utc_offset), e.event_ts) AS happened_at
        FROM events AS e
        INNER JOIN people AS p ON p.user_id = e.user_id
        WHERE e.event_ts <= moment + INTERVAL 1 DAY
            -- Older rows matter for lifetime facts only. A local clock runs ahead, never behind,
            -- so nothing that belongs into the last 84 days is lost here.
            AND (e.event_ts > moment - INTERVAL 84 DAY OR e.event_type IN ('coupon_redeem', 'nps'))
        -- A retry differs from its original in the time of arrival only: either may stay.
        LIMIT 1 BY e.event_id
    ),
    activity AS (
        SELECT
            user_id,
            countIf(event_type = 'lesson' AND happened_at > moment - INTERVAL 7 DAY) AS lessons_7d,
            countIf(event_type = 'lesson' AND happened_at > moment - INTERVAL 14 DAY) AS lessons_14d,
            countIf(event_type = 'lesson' AND happened_at > moment - INTERVAL 28 DAY) AS lessons_28d,
            countIf(event_type = 'lesson' AND happened_at > moment - INTERVAL 56 DAY) AS lessons_56d,
            countIf(event_type = 'lesson' AND happened_at > moment - INTERVAL 84 DAY) AS lessons_84d,
            countIf(event_type = 'pricing_view' AND happened_at > moment - INTERVAL 30 DAY) AS pricing_views_30d,
            countIf(event_type = 'support_ticket' AND happened_at > moment - INTERVAL 30 DAY) AS tickets_30d,
            countIf(event_type = 'coupon_redeem') AS coupons_lifetime,
            countIf(event_type IN ('lesson', 'login') AND happened_at > moment - INTERVAL 84 DAY) AS visits_84d,
            maxIf(happened_at, event_type IN ('lesson', 'login')) AS last_visit,
            -- The latest known value; event_id decides between two facts of one millisecond.
            argMaxIf(
                progress_pct, (happened_at, event_id),
                event_type = 'lesson' AND progress_pct IS NOT NULL AND happened_at > moment - INTERVAL 84 DAY
            ) AS progress_pct,
            argMaxIf(nps, (happened_at, event_id), event_type = 'nps' AND nps IS NOT NULL) AS nps
        FROM facts
        WHERE happened_at <= moment
        GROUP BY user_id
    ),
    charges AS (
        SELECT user_id, countIf(status = 'failed') AS failed_payments_30d
        FROM (
            SELECT user_id, status
            FROM payments
            WHERE ingested_at <= moment AND attempted_at <= moment AND attempted_at > moment - INTERVAL 30 DAY
            LIMIT 1 BY payment_id
        )
        GROUP BY user_id
    )
SELECT
    p.user_id AS user_id,
    a.lessons_7d AS lessons_7d,
    a.lessons_14d AS lessons_14d,
    a.lessons_28d AS lessons_28d,
    a.lessons_84d AS lessons_84d,
    -- Counts are unsigned; a trend is not.
    2 * toInt32(a.lessons_28d) - toInt32(a.lessons_56d) AS lessons_trend_28d,
    if(
        a.visits_84d > 0,
        dateDiff('day', toTimeZone(a.last_visit, 'Europe/Moscow'), toTimeZone(moment, 'Europe/Moscow'), 'Europe/Moscow'),
        84
    ) AS days_inactive,
    intDiv(dateDiff('second', p.registered_at, moment), 28 * 86400) AS tenure_months,
    p.price_rub AS price_rub,
    c.failed_payments_30d AS failed_payments_30d,
    a.pricing_views_30d AS pricing_views_30d,
    a.coupons_lifetime AS coupons_lifetime,
    a.tickets_30d AS tickets_30d,
    a.progress_pct AS progress_pct,
    a.nps AS nps
FROM people AS p
LEFT JOIN activity AS a ON a.user_id = p.user_id
LEFT JOIN charges AS c ON c.user_id = p.user_id
ORDER BY user_id
