"""Guards the site's doors: headers, pace, second factors, and a record of who did what."""
