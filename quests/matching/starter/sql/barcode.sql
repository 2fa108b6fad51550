-- One row an offer that a moderator has looked at: offer_id, truth, product_id (by barcode, else -1).
SELECT offer_id, product_id AS truth, -1 AS product_id
FROM match_labels
