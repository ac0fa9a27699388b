"""The WSGI door for gunicorn."""

from __future__ import annotations

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
application = get_wsgi_application()

# What is loaded now stays for the life of the process: the collector need not walk it again for every few hundred new objects.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
