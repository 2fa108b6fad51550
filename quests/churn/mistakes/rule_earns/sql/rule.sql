-- Marina's rule with a limit: the longest silent first.
SELECT
    user_id,
    row_number() OVER (ORDER BY days_inactive DESC, user_id)
        <= floor({max_share:Float64} * length({user_ids:Array(UInt32)})) AND days_inactive >= 14 AS contact
FROM features
WHERE user_id IN {user_ids:Array(UInt32)}
