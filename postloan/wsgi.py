"""The WSGI entry point that `postloan.server` serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postloan.settings")

application = get_wsgi_application()
