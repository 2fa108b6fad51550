-- Marina's rule: whoever has been silent for fourteen days gets the letter. No limit, no ranking.
SELECT
    user_id,
    days_inactive >= {silent_days:Float64} AS contact
FROM features
WHERE user_id IN {user_ids:Array(UInt32)}
