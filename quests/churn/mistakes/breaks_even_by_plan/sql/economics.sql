-- By how much a letter has to lower the chance to leave, to pay for itself: one row a plan.
-- At the border (p0 - p1) * V = (1 - p1) * D + contact_cost, with V = margin_rate * months * price
-- and D = discount * price. Prices are what customers pay: staff pay a rouble and are none.
SELECT
    plan,
    price_rub,
    ({discount:Float64} * price_rub + {contact_cost:Float64})
        / ({margin_rate:Float64} * {months:Float64} * price_rub) AS break_even
FROM (SELECT DISTINCT plan, price_rub FROM users WHERE NOT is_test)
ORDER BY price_rub
