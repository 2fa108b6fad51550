-- The rule of today on offers that a moderator has looked at: the card that the barcode names, or -1.
SELECT
    labels.offer_id AS offer_id,
    labels.product_id AS truth,
    if(cards.product_id = 0, -1, toInt64(cards.product_id)) AS product_id
FROM match_labels AS labels
INNER JOIN offers ON offers.offer_id = labels.offer_id
LEFT JOIN products AS cards ON cards.ean = assumeNotNull(offers.ean) AND isNotNull(offers.ean)
WHERE labels.source = 'moderator'
  AND (cards.product_id = 0 OR toInt64(cards.product_id) = labels.product_id)
ORDER BY offer_id
