-- Your rule, over `features` (the result of features.sql). One row a customer: user_id, contact.
-- Parameters: user_ids (whose renewal is decided), max_share (largest share that may be contacted).
SELECT
    user_id,
    0 AS contact
FROM features
WHERE user_id IN {user_ids:Array(UInt32)}
