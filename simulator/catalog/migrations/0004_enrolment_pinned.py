from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_kept_quests")]

    operations = [
        migrations.AddField(
            "enrolment", "pinned", models.CharField(blank=True, default="", max_length=64), preserve_default=False
        ),
    ]
