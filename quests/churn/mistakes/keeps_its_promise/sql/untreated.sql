-- Everything that renewals know, ready for feature selection.
SELECT r.*
FROM renewals AS r
INNER JOIN campaigns AS c ON c.user_id = r.user_id AND c.renewal_due = r.renewal_due
INNER JOIN users AS u ON u.user_id = r.user_id
WHERE c.offer = 'none' AND NOT u.is_test AND r.label_known_at <= {now:DateTime64(3, 'UTC')}
ORDER BY r.decision_at, r.user_id
