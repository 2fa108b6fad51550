SELECT user_id, 1 AS contact FROM features WHERE user_id IN {user_ids:Array(UInt32)}
