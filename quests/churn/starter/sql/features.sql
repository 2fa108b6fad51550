-- First draft, out of a notebook. It runs, and the numbers look plausible.
-- Dina has read it and asked one question: "Known on which day?"
SELECT
    u.user_id AS user_id,
    countIf(e.event_type = 'lesson' AND e.event_ts >= {as_of:DateTime64(3, 'UTC')} - INTERVAL 7 DAY) AS lessons_7d,
    countIf(e.event_type = 'lesson' AND e.event_ts >= {as_of:DateTime64(3, 'UTC')} - INTERVAL 28 DAY) AS lessons_28d,
    dateDiff('day', max(e.event_ts), {as_of:DateTime64(3, 'UTC')}) AS days_inactive,
    any(u.price_rub) AS price_rub,
    countIf(p.status = 'failed') AS failed_payments_30d,
    avg(e.nps) AS nps
FROM users AS u
LEFT JOIN events AS e ON e.user_id = u.user_id
LEFT JOIN payments AS p ON p.user_id = u.user_id
GROUP BY u.user_id
