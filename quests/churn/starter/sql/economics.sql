-- By how much a letter has to lower the chance to leave, to pay for itself. Written on a napkin.
-- Parameters: p1, margin_rate, months, discount, contact_cost (all Float64).
SELECT
    plan,
    avg(price_rub) AS price_rub,
    0.3 / 0.7 AS break_even
FROM users
GROUP BY plan
ORDER BY price_rub
