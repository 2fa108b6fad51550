"""The site: Django and Celery live here and nowhere else."""
