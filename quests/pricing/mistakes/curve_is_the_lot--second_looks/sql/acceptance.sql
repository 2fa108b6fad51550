SELECT multiplier, count() AS sessions, avg(accepted) AS share
FROM quotes
WHERE price_source = 'explore'
GROUP BY multiplier
ORDER BY multiplier
