from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
import django.db.models.deletion


def write_marks(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Verdicts from before have their results in the body alone."""
    verdicts = apps.get_model("attempts", "Verdict")
    changed = []
    for verdict in verdicts.objects.only("pk", "body").iterator(chunk_size=500):
        verdict.marks = " ".join(
            f"{one['check']}:{one['outcome']}:{one['reason'] or ''}"
            f":{one['points']:g}/{one['max_points']:g}"
            for one in verdict.body["results"]
        )
        changed.append(verdict)
    verdicts.objects.bulk_update(changed, ["marks"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("attempts", "0003_lanes_losses_and_deadlines"),
    ]

    operations = [
        migrations.AddField("verdict", "counts", models.BooleanField(default=True)),
        migrations.AddField("verdict", "marks", models.TextField(blank=True, default=""), preserve_default=False),
        migrations.CreateModel(
            name="Standing",
            fields=[
                (
                    "enrolment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="standing",
                        serialize=False,
                        to="catalog.enrolment",
                    ),
                ),
                ("places", models.JSONField(default=dict)),
                ("struggles", models.JSONField(default=dict)),
                ("days", models.JSONField(default=list)),
            ],
        ),
        migrations.RunPython(write_marks, migrations.RunPython.noop),
    ]
