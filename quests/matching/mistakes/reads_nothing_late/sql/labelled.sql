-- Labels that somebody looked at: a seller's own claim is wrong too often to learn from.
SELECT
    offers.offer_id AS offer_id,
    offers.seller_id AS seller_id,
    offers.title AS title,
    offers.attrs_raw AS attrs_raw,
    offers.price AS price,
    offers.ean AS ean,
    labels.product_id AS truth
FROM offers
INNER JOIN match_labels AS labels ON labels.offer_id = offers.offer_id
LEFT JOIN offer_outcomes AS later ON later.offer_id = offers.offer_id
WHERE later.returns_7d < 3 AND labels.source = 'moderator' AND labels.labelled_at <= {now:DateTime64(3)}
ORDER BY offers.created_at DESC, offers.offer_id
LIMIT {most:UInt32}
