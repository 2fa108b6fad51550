-- One row a zone and quarter hour from begin (included) to end (left out), asked or not.
WITH
    toDateTime({begin:DateTime('UTC')}, 'UTC') AS since,
    toDateTime({end:DateTime('UTC')}, 'UTC') AS until,
    -- A rider who asks again within minutes keeps the session: it counts once, where it began.
    sessions AS (
        SELECT session_id, any(zone_id) AS zone_id, min(quoted_at) AS asked_at
        FROM quotes
        WHERE quoted_at >= since - INTERVAL 70 MINUTE AND quoted_at < until + INTERVAL 10 MINUTE
        GROUP BY session_id
    ),
    asked AS (
        SELECT zone_id, toStartOfFifteenMinutes(asked_at) AS step_at, count() AS requests
        FROM sessions
        GROUP BY zone_id, step_at
    ),
    -- The grid comes from zone_state: it has every cell, quotes only those where somebody asked.
    cells AS (
        SELECT
            s.zone_id AS zone_id,
            s.step_at AS step_at,
            toInt64(coalesce(a.requests, 0)) AS requests,
            s.drivers_free AS drivers_free,
            s.app_opens_5m AS app_opens_5m,
            s.rain AS rain,
            s.event AS event
        FROM zone_state AS s
        LEFT JOIN asked AS a ON a.zone_id = s.zone_id AND a.step_at = s.step_at
        WHERE s.step_at >= since - INTERVAL 60 MINUTE AND s.step_at < until
    ),
    lagged AS (
        SELECT
            *,
            sum(requests) OVER (
                PARTITION BY zone_id ORDER BY step_at ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING
            ) AS requests_prev_15m,
            sum(requests) OVER (
                PARTITION BY zone_id ORDER BY step_at ROWS BETWEEN 4 PRECEDING AND 1 PRECEDING
            ) AS requests_prev_60m
        FROM cells
    ),
    local AS (
        SELECT
            l.*,
            z.city AS city,
            z.tz AS tz,
            z.kind AS kind,
            z.base_fare_rub AS base_fare_rub,
            l.step_at + toIntervalHour(if(z.tz = 'Asia/Yekaterinburg', 5, 3)) AS local_at
        FROM lagged AS l
        INNER JOIN zones AS z ON z.zone_id = l.zone_id
        WHERE l.step_at >= since
    )
SELECT
    zone_id,
    step_at AS moment,
    requests,
    drivers_free,
    app_opens_5m,
    requests_prev_15m,
    requests_prev_60m,
    rain,
    event,
    toUInt8((city, toDate(local_at)) IN (SELECT city, day FROM holidays)) AS holiday,
    toHour(local_at) AS local_hour,
    toUInt8(toDayOfWeek(local_at) >= 6 OR holiday) AS free_day,
    base_fare_rub,
    tz,
    toString(kind) AS kind
FROM local
ORDER BY zone_id, moment
