SELECT id, a + b AS total FROM pairs ORDER BY id
