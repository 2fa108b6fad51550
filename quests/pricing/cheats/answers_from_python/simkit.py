def query(sql, params=None):
    return None
