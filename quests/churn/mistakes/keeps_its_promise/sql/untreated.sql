-- Everything that renewals know, ready for feature selection.
SELECT *
FROM renewals
WHERE label_known_at <= {now:DateTime64(3, 'UTC')}
    AND user_id IN (SELECT user_id FROM users WHERE NOT is_test)
    AND (user_id, renewal_due) IN (SELECT user_id, renewal_due FROM campaigns WHERE offer = 'none')
ORDER BY decision_at, user_id
