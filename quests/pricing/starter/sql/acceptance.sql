-- The share that accepts a multiplier. Today: of all quotes, whoever chose the price.
SELECT multiplier, count() AS sessions, avg(accepted) AS share
FROM quotes
GROUP BY multiplier
ORDER BY multiplier
