-- The rule of tomorrow, over `features`. It looks for people whom a price can move: they visit the
-- price page and use coupons, and they come less than ten times a month. It leaves alone the
-- silent (a letter reminds them to cancel), those who have finished their course (lost anyway) and
-- those whose card fails (a discount is no cure).
-- Never more than {max_share} of the customers asked about; ties go to the smaller user_id.
SELECT
    user_id,
    eligible AND row_number() OVER (ORDER BY eligible DESC, interest DESC, user_id)
        <= floor(2 * {max_share:Float64} * length({user_ids:Array(UInt32)})) AS contact
FROM (
    SELECT
        user_id,
        pricing_views_30d + 2 * coupons_lifetime AS interest,
        interest >= 3
            AND lessons_84d > 2
            AND coalesce(progress_pct, 0) <= 0.85
            AND failed_payments_30d = 0 AS eligible
    FROM features
    WHERE user_id IN {user_ids:Array(UInt32)}
)
