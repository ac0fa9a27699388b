"""One order of storing for all statements, and a narrower table of what they name.

``seq`` becomes the moment of storing in microseconds times 1024 plus what told rows of one moment apart before; fingerprints become 128 bits.
Made before the first release: the one time that statements are renumbered. The triggers come back after every migrate.
"""

import hashlib
import django.db.models.deletion
import uuid
from django.db import migrations, models


def lift_triggers(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for name in ('no_update', 'no_delete'):
            on = ' ON learning_statement' if schema_editor.connection.vendor == 'postgresql' else ''
            cursor.execute(f'DROP TRIGGER IF EXISTS learning_statement_{name}{on}')


def count_writers(apps, schema_editor):
    if schema_editor.connection.vendor == 'postgresql':
        schema_editor.execute('CREATE SEQUENCE learning_statement_tie CACHE 1')


def renumber(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == 'postgresql':
            cursor.execute(
                'UPDATE learning_statement SET actor = NULLIF(left(actor_hash, 32), \'\')::uuid,'
                ' seq = (extract(epoch from stored) * 1000000)::bigint * 1024 + seq % 1024'
            )
            return
        cursor.execute("UPDATE learning_statement SET actor = NULLIF(substr(actor_hash, 1, 32), '')")
        cursor.execute(
            "UPDATE learning_statement SET seq = (CAST(strftime('%s', stored) AS INTEGER) * 1000000"
            " + CAST(substr(substr(stored, 21) || '000000', 1, 6) AS INTEGER)) * 1024 + seq % 1024"
        )


def move_terms(apps, schema_editor):
    value, once = ('substr(o.value, 1, 32)', 'max(o.is_main)')
    if schema_editor.connection.vendor == 'postgresql':
        value, once = (value + '::uuid', 'bool_or(o.is_main)')
    schema_editor.execute(
        f'INSERT INTO learning_statementterm (value, seq, is_main) SELECT {value}, s.seq, {once} FROM learning_statementtermold o'  # nosec B608
        ' JOIN learning_statement s ON s.statement_id = o.statement_id GROUP BY 1, 2'
    )


def shorten_fingerprints(apps, schema_editor):
    schema_editor.execute('UPDATE learning_activitydefinition SET "key" = substr("key", 1, 32)')
    for row in apps.get_model('learning', 'XapiDocument').objects.select_related('owner'):
        row.activity, row.agent = row.activity[:32], row.agent[:32]
        parts = (row.kind, row.activity, row.agent, str(row.registration or ''), row.name, str(row.owner.institution_id or 0))
        row.place = hashlib.sha256('\x1f'.join(parts).encode('utf-8', 'surrogatepass')).hexdigest()
        row.save(update_fields=['activity', 'agent', 'place'])


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0002_learner_number'),
        ('foundation', '0002_deletion_permit'),
        ('learning', '0002_record_store'),
    ]

    operations = [
        migrations.RunPython(lift_triggers, migrations.RunPython.noop),
        migrations.RunPython(count_writers, migrations.RunPython.noop),
        migrations.CreateModel(
            name='StatementTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(verbose_name='month')),
                ('actor', models.UUIDField(blank=True, null=True, verbose_name='actor')),
                ('verb', models.CharField(max_length=500, verbose_name='verb')),
                ('object_iri', models.CharField(max_length=500, verbose_name='object')),
                ('statements', models.PositiveIntegerField(verbose_name='statements')),
            ],
            options={
                'verbose_name': 'monthly total of statements',
                'verbose_name_plural': 'monthly totals of statements',
            },
        ),
        migrations.CreateModel(
            name='XapiAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('home_page', models.CharField(max_length=200, verbose_name='address of the system')),
                ('name', models.CharField(max_length=120, verbose_name='number at the institution')),
                ('actor', models.UUIDField(unique=True, verbose_name='fingerprint')),
                ('person_uuid', models.UUIDField(blank=True, db_index=True, null=True, verbose_name='person')),
                ('first_seen', models.DateTimeField(verbose_name='first statement')),
            ],
            options={
                'verbose_name': 'account at an institution',
                'verbose_name_plural': 'accounts at institutions',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='XapiForward',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.URLField(max_length=300, verbose_name='address of the other store')),
                ('username', models.CharField(max_length=200, verbose_name='key of the other store')),
                ('secret', models.TextField(verbose_name='secret of the other store')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('sent_through', models.BigIntegerField(default=0, verbose_name='sent through')),
                ('sent', models.PositiveBigIntegerField(default=0, verbose_name='statements sent')),
                ('skipped', models.PositiveBigIntegerField(default=0, verbose_name='statements that the other store refused')),
                ('failures', models.PositiveSmallIntegerField(default=0, verbose_name='failures in a row')),
                ('next_try_at', models.DateTimeField(blank=True, null=True, verbose_name='next try')),
                ('last_error', models.CharField(blank=True, max_length=400, verbose_name='last error')),
                ('last_success_at', models.DateTimeField(blank=True, null=True, verbose_name='last success')),
            ],
            options={
                'verbose_name': 'forwarding',
                'verbose_name_plural': 'forwardings',
            },
        ),
        migrations.CreateModel(
            name='XapiHome',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(max_length=200, unique=True, verbose_name='address of the system')),
                ('created_at', models.DateTimeField(verbose_name='registered')),
            ],
            options={
                'verbose_name': 'system of an institution',
                'verbose_name_plural': 'systems of institutions',
                'ordering': ['address'],
            },
        ),
        migrations.CreateModel(
            name='XapiRefusal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='refused')),
                ('method', models.CharField(max_length=8, verbose_name='method')),
                ('resource', models.CharField(max_length=40, verbose_name='resource')),
                ('status', models.PositiveSmallIntegerField(verbose_name='status')),
                ('part', models.CharField(blank=True, max_length=200, verbose_name='part')),
                ('reason', models.CharField(max_length=400, verbose_name='reason')),
                ('request_id', models.CharField(blank=True, max_length=40, verbose_name='request')),
            ],
            options={
                'verbose_name': 'refused request',
                'verbose_name_plural': 'refused requests',
                'ordering': ['-id'],
            },
        ),
        migrations.RemoveIndex(
            model_name='statement',
            name='statement_by_actor',
        ),
        migrations.RemoveIndex(
            model_name='statement',
            name='statement_by_object',
        ),
        migrations.RemoveIndex(
            model_name='statement',
            name='statement_by_verb',
        ),
        migrations.RemoveIndex(
            model_name='statement',
            name='statement_by_registration',
        ),
        migrations.RemoveIndex(
            model_name='statement',
            name='statement_by_person',
        ),
        migrations.AddField(
            model_name='statement',
            name='actor',
            field=models.UUIDField(blank=True, null=True, verbose_name='actor'),
        ),
        migrations.AddField(
            model_name='activitydefinition',
            name='said',
            field=models.CharField(blank=True, max_length=32, verbose_name='digest of what was said last'),
        ),
        migrations.AddField(
            model_name='xapikey',
            name='authority',
            field=models.UUIDField(blank=True, db_index=True, null=True, verbose_name='fingerprint of the authority'),
        ),
        migrations.AlterField(
            model_name='statement',
            name='institution',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.institution', verbose_name='institution'),
        ),
        migrations.AlterField(
            model_name='statement',
            name='key',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='learning.xapikey', verbose_name='written with key'),
        ),
        migrations.AlterField(
            model_name='statement',
            name='seq',
            field=models.BigIntegerField(primary_key=True, serialize=False, verbose_name='order of storing'),
        ),
        migrations.AlterField(
            model_name='statement',
            name='target',
            field=models.UUIDField(blank=True, null=True, verbose_name='points to statement'),
        ),
        migrations.RunPython(renumber, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='statement',
            name='actor_hash',
        ),
        migrations.RenameModel("StatementTerm", "StatementTermOld"),
        migrations.CreateModel(name="StatementTerm", fields=[
            ('pk', models.CompositePrimaryKey('value', 'statement_id', blank=True, editable=False, primary_key=True, serialize=False)),
            ('value', models.UUIDField(verbose_name='fingerprint')),
            ('is_main', models.BooleanField(verbose_name='actor or object')),
            ('statement', models.ForeignKey(db_column='seq', db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='terms', to='learning.statement', verbose_name='statement')),
        ], options={'verbose_name': 'statement term', 'verbose_name_plural': 'statement terms'}),
        migrations.RunPython(move_terms, migrations.RunPython.noop),
        migrations.DeleteModel('StatementTermOld'),
        migrations.RunPython(shorten_fingerprints, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='statement',
            index=models.Index(condition=models.Q(('actor_uuid__isnull', False)), fields=['actor_uuid', '-timestamp'], name='statement_by_person'),
        ),
        migrations.AddIndex(
            model_name='statement',
            index=models.Index(condition=models.Q(('actor_uuid__isnull', True)), fields=['actor', '-timestamp'], name='statement_by_actor'),
        ),
        migrations.AddIndex(
            model_name='statement',
            index=models.Index(fields=['verb', 'seq'], name='statement_by_verb'),
        ),
        migrations.AddIndex(
            model_name='statement',
            index=models.Index(condition=models.Q(('registration__isnull', False)), fields=['registration', 'seq'], name='statement_by_registration'),
        ),
        migrations.AddIndex(
            model_name='statement',
            index=models.Index(condition=models.Q(('target__isnull', False)), fields=['target'], name='statement_by_target'),
        ),
        migrations.AddIndex(
            model_name='statement',
            index=models.Index(condition=models.Q(('target__isnull', False)), fields=['seq'], name='statement_pointing'),
        ),
        migrations.AddIndex(
            model_name='statement',
            index=models.Index(condition=models.Q(('institution__isnull', False)), fields=['institution', 'seq'], name='statement_by_institution'),
        ),
        migrations.AddIndex(
            model_name='statement',
            index=models.Index(condition=models.Q(('key__isnull', False)), fields=['key', 'seq'], name='statement_by_key'),
        ),
        migrations.AddField(
            model_name='statementtotal',
            name='institution',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.institution', verbose_name='institution'),
        ),
        migrations.AddField(
            model_name='xapiaccount',
            name='institution',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.institution', verbose_name='institution'),
        ),
        migrations.AddField(
            model_name='xapiforward',
            name='institution',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.institution', verbose_name='institution'),
        ),
        migrations.AddField(
            model_name='xapihome',
            name='institution',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.institution', verbose_name='institution'),
        ),
        migrations.AddField(
            model_name='xapirefusal',
            name='key',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='refusals', to='learning.xapikey', verbose_name='store key'),
        ),
        migrations.AddConstraint(
            model_name='statementtotal',
            constraint=models.UniqueConstraint(fields=('month', 'institution', 'actor', 'verb', 'object_iri'), name='statement_total_once'),
        ),
        migrations.AddIndex(
            model_name='xapiaccount',
            index=models.Index(fields=['institution', 'name'], name='xapi_account_by_name'),
        ),
        migrations.AddIndex(
            model_name='xapirefusal',
            index=models.Index(fields=['key', '-id'], name='xapi_refusal_by_key'),
        ),
    ]
