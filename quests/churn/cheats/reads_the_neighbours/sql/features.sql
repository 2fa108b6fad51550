SELECT *, {as_of:DateTime64(3, 'UTC')} AS asked FROM file('/data/../../truth/*/features.parquet', Parquet)
