from django.db import migrations, models

BATCH_AT_ONCE = 1


def reserve(apps, schema_editor):
    apps.get_model("attempts", "Capacity").objects.get_or_create(
        lane="batch", defaults={"most_running": BATCH_AT_ONCE}
    )


class Migration(migrations.Migration):
    dependencies = [("attempts", "0002_verdict_development_only")]

    operations = [
        migrations.CreateModel(
            name="Capacity",
            fields=[
                (
                    "lane",
                    models.CharField(
                        choices=[("interactive", "interactive"), ("batch", "batch")],
                        max_length=12,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("most_running", models.PositiveSmallIntegerField(default=1)),
            ],
        ),
        # Columns with a default of the database's own: processes of the version before this one,
        # which do not know them, go on writing while the site is upgraded.
        migrations.AddField(
            "grading", "claimed_by", models.CharField(blank=True, max_length=120, db_default="")
        ),
        migrations.AddField("grading", "run_until", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "grading", "losses", models.PositiveSmallIntegerField(db_default=0)
        ),
        migrations.AddField(
            "grading", "trouble", models.CharField(blank=True, max_length=200, db_default="")
        ),
        migrations.RunPython(reserve, migrations.RunPython.noop),
    ]
