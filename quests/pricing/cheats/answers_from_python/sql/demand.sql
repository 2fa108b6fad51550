SELECT 1 AS zone_id
