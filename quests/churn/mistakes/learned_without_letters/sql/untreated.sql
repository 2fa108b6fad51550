-- Past renewals without a letter: what happens if nobody writes. Outcomes known by {now} only.
SELECT
    r.user_id AS user_id,
    r.decision_at AS decision_at,
    r.churned AS churned
FROM renewals AS r
INNER JOIN campaigns AS c ON c.user_id = r.user_id AND c.renewal_due = r.renewal_due
INNER JOIN users AS u ON u.user_id = r.user_id
WHERE NOT u.is_test AND r.label_known_at <= {now:DateTime64(3, 'UTC')}
ORDER BY decision_at, user_id
