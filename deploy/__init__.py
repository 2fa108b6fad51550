"""What a deployment needs beside the site: configuration, secrets, a sign of life."""
