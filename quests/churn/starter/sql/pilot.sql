-- Renewals that can tell what a letter does. Today this is every renewal there ever was.
SELECT
    r.user_id AS user_id,
    r.decision_at AS decision_at,
    c.offer = 'discount30' AS treated,
    r.churned AS churned,
    u.price_rub AS price_rub
FROM renewals AS r
INNER JOIN campaigns AS c ON c.user_id = r.user_id
INNER JOIN users AS u ON u.user_id = r.user_id
