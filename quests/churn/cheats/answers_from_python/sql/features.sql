SELECT user_id, {as_of:DateTime64(3, 'UTC')} AS asked FROM users WHERE 0
