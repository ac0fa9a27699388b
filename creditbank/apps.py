from django.apps import AppConfig


class CreditbankConfig(AppConfig):
    name = "creditbank"
    default_auto_field = "django.db.models.BigAutoField"
