"""Settings: one module for every road; what differs comes from the environment or from `var/env`.

`./run` writes `var/env` (database address, secret key), so `manage.py` by hand finds the same database.
A real environment variable always wins over the file.
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import environ

from core import bodies

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
VAR_DIR = Path(env.str("POSTLOAN_VAR", str(BASE_DIR / "var")))
if (VAR_DIR / "env").is_file():
    environ.Env.read_env(VAR_DIR / "env", overwrite=False)

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "")  # empty is refused by Django on first use: there is no default key
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Addresses and networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.
try:
    TRUSTED_PROXIES = [ip_network(one) for one in env.list("TRUSTED_PROXIES", default=[])]
except ValueError as error:
    raise environ.ImproperlyConfigured(f"TRUSTED_PROXIES 须是地址或网段，用逗号分开：{error}。") from None
DEMO = env.bool("DEMO", False)  # the login page shows the demonstration accounts

INSTALLED_APPS = [
    "core",
    "accounts",
    "workflow",
    "credit",
    "archives",
    "monitoring",
    "inspections",
    "classification",
    "collections_app",
    "reviews",
    "postloan",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "simple_history",
    "django_htmx",
]

MIDDLEWARE = [
    "accounts.middleware.PeerMiddleware",  # first: who it is and whether it came by HTTPS, all others ask
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "postloan.limits.BodyLimitMiddleware",  # before the next one, which reads the body of a form
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "postloan.readable.ReadableMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.ActorMiddleware",
    "postloan.refusals.RefusalMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "postloan.urls"
WSGI_APPLICATION = "postloan.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "postloan.frame.frame",
            ],
        },
    }
]

# PostgreSQL everywhere, so that one dialect is written and tested.
DATABASES = {"default": env.db("DATABASE_URL", default="postgres:///postloan")}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise environ.ImproperlyConfigured("DATABASE_URL 须指向 PostgreSQL（postgres://…）。")
# A socket folder comes as ?host=/folder, which libpq reads and Django's own tools do not.
DATABASES["default"]["HOST"] = (
    DATABASES["default"].get("OPTIONS", {}).pop("host", "") or DATABASES["default"]["HOST"]
)
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", 60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Our questions are many and short: compiling them costs more than it saves. And a cursor is always read to its end.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off -c cursor_tuple_fraction=1")
# Migrations and grants run as the owner; the application role owns nothing (docs/adr on audit).
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", "")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["accounts.hashers.Argon2InTheLane"]
# 等保 asks for several kinds of characters, ASVS 6.2.5 against such rules: 0 follows the latter (docs/adr/0010).
PASSWORD_KINDS = env.int("PASSWORD_KINDS", 3)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email")},
    },
    {"NAME": "accounts.validators.LengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.validators.NothingPersonalValidator"},
    {"NAME": "accounts.validators.KindsValidator", "OPTIONS": {"at_least": PASSWORD_KINDS}},
]
CSRF_FAILURE_VIEW = "postloan.refusals.csrf_failed"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

# How often a password may be wrong, and by what that is counted, is in accounts.passwords.
AXES_HANDLER = "accounts.passwords.Guesses"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.5  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # what a right one forgets
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # nobody prolongs a lock by knocking
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("HTTPS", False)
SECURE_SSL_REDIRECT = env.bool("HTTPS", False)
SECURE_REDIRECT_EXEMPT = [r"^healthz/$"]  # a load balancer asks the server itself, without the proxy's HTTPS
SECURE_HSTS_SECONDS = 31536000 if env.bool("HTTPS", False) else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("HTTPS", False) else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.str("STATIC_ROOT", "") or None  # only for collectstatic behind another web server
MEDIA_ROOT = VAR_DIR / "media"  # never served by URL: every file goes through a view that asks who is asking
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = bodies.FORM
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# E-mail: only the warning that the scheduler has stopped. Without a server it is printed to the log of the web process.
EMAIL_HOST = env.str("EMAIL_HOST", "")
EMAIL_PORT = env.int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = 5
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "postloan@localhost")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}

# How many subjects one transaction of the close of day judges.
DUTY_SET_SIZE = env.int("DUTY_SET_SIZE", 2000)

POLICY_DIR = BASE_DIR / "fixtures" / "policy"
SIMPLE_HISTORY_REVERT_DISABLED = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING")},
    "loggers": {"waitress.queue": {"level": "ERROR"}},  # that somebody waits for a thread is no news
}
