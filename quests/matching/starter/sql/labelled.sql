-- Offers whose card is known, with what is known; {now:DateTime64(3)} and {most:UInt32} are bound.
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
WHERE labels.labelled_at <= {now:DateTime64(3)}
ORDER BY offers.created_at DESC, offers.offer_id
LIMIT {most:UInt32}
