"""Where the warehouse is."""

URL = "clickhouse://lumen:Kj7-long-horse@warehouse.lumen.example:8443"
