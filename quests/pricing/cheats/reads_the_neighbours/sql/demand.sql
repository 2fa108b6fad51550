SELECT * FROM file('/truth/cells.parquet', Parquet)
