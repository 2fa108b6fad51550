from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_hint_use")]

    operations = [
        migrations.AddField(
            "enrolment", "pinned", models.CharField(blank=True, default="", max_length=64), preserve_default=False
        ),
    ]
