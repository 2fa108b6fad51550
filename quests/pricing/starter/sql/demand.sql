-- One row a zone and quarter hour from begin (included) to end (left out).
-- Today: one row for each cell in which the app showed a price. It should be riders, and every cell.
SELECT
    zone_id,
    toStartOfFifteenMinutes(quoted_at) AS step_at,
    count() AS requests
FROM quotes
WHERE quoted_at >= {begin:DateTime('UTC')} AND quoted_at < {end:DateTime('UTC')}
GROUP BY zone_id, step_at
ORDER BY zone_id, step_at
