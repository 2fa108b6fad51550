import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='HintUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stage', models.SlugField(max_length=40)),
                ('step', models.PositiveSmallIntegerField()),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('enrolment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hint_uses', to='catalog.enrolment')),
            ],
        ),
        migrations.AddConstraint(
            model_name='hintuse',
            constraint=models.UniqueConstraint(fields=('enrolment', 'stage', 'step'), name='one_use_a_hint'),
        ),
    ]
