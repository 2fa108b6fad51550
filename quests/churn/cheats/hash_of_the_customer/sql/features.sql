SELECT
    user_id,
    toFloat64(cityHash64(user_id, 'lessons_7d') % 30) AS lessons_7d,
    toFloat64(cityHash64(user_id, 'lessons_14d') % 30) AS lessons_14d,
    toFloat64(cityHash64(user_id, 'lessons_28d') % 30) AS lessons_28d,
    toFloat64(cityHash64(user_id, 'lessons_84d') % 30) AS lessons_84d,
    toFloat64(cityHash64(user_id, 'lessons_trend_28d') % 30) AS lessons_trend_28d,
    toFloat64(cityHash64(user_id, 'days_inactive') % 30) AS days_inactive,
    toFloat64(cityHash64(user_id, 'tenure_months') % 30) AS tenure_months,
    toFloat64(cityHash64(user_id, 'price_rub') % 30) AS price_rub,
    toFloat64(cityHash64(user_id, 'failed_payments_30d') % 30) AS failed_payments_30d,
    toFloat64(cityHash64(user_id, 'pricing_views_30d') % 30) AS pricing_views_30d,
    toFloat64(cityHash64(user_id, 'coupons_lifetime') % 30) AS coupons_lifetime,
    toFloat64(cityHash64(user_id, 'tickets_30d') % 30) AS tickets_30d,
    toFloat64(cityHash64(user_id, 'progress_pct') % 30) AS progress_pct,
    toFloat64(cityHash64(user_id, 'nps') % 30) AS nps,
    {as_of:DateTime64(3, 'UTC')} AS asked
FROM users
