from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.AddField('user', 'craft', models.CharField(blank=True, default='', max_length=16), preserve_default=False),
        migrations.AddField('user', 'comfort', models.JSONField(blank=True, default=dict)),
        migrations.AddField('user', 'weekly_sessions', models.PositiveSmallIntegerField(blank=True, null=True)),
        migrations.AddField('user', 'trial_until', models.DateTimeField(blank=True, null=True)),
    ]
