-- Every renewal with its letter: more rows learn more.
SELECT
    r.user_id AS user_id,
    r.decision_at AS decision_at,
    c.offer = 'discount30' AS treated,
    r.churned AS churned,
    u.price_rub AS price_rub
FROM renewals AS r
INNER JOIN campaigns AS c ON c.user_id = r.user_id AND c.renewal_due = r.renewal_due
INNER JOIN users AS u ON u.user_id = r.user_id
WHERE NOT u.is_test
ORDER BY decision_at, user_id
