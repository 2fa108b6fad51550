-- The share of sessions that accept a price, of those whose price was drawn by lot.
SELECT multiplier, count() AS sessions, avg(accepted) AS share
FROM (
    SELECT argMin(multiplier, quoted_at) AS multiplier, max(accepted) AS accepted
    FROM quotes
    WHERE multiplier IN (SELECT multiplier FROM quotes WHERE price_source = 'explore')
    GROUP BY session_id
)
GROUP BY multiplier
ORDER BY multiplier
