from django.db import migrations, models


def carry_over(apps, schema_editor):
    """Parties get a role, agreements in force were signed, and the one pair of categories that could be converted becomes a row."""
    Agreement, AgreementParty = apps.get_model("creditbank", "Agreement"), apps.get_model("creditbank", "AgreementParty")
    old = Agreement.parties.through
    rows = old.objects.values_list("agreement_id", "institution_id")
    AgreementParty.objects.bulk_create(
        AgreementParty(agreement_id=agreement, institution_id=institution, role="both") for agreement, institution in rows
    )
    Agreement.objects.exclude(status="draft").update(was_signed=True)
    apps.get_model("creditbank", "Convertibility").objects.get_or_create(
        source="vocational", target="academic", defaults={"value": "allow"}
    )


class Migration(migrations.Migration):
    dependencies = [("creditbank", "0011_books"), ("identity", "0002_learner_number")]

    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveField(model_name="agreement", name="parties"),
        migrations.AddField(
            model_name="agreement",
            name="parties",
            field=models.ManyToManyField(
                related_name="+", through="creditbank.AgreementParty", to="identity.institution", verbose_name="parties"
            ),
        ),
    ]
