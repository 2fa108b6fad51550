SELECT product_id, category, brand, title, attrs, price_rub, ean
FROM products
ORDER BY product_id
