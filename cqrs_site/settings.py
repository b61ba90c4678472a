"""All settings, under headings. Every environment variable is named here, nowhere else.

What operators tune stands in cqrs.yaml (see configuration.py); servers and secrets
come from the environment.
"""

from pathlib import Path
from typing import Any

import django_stubs_ext

from cqrs_site import configuration, environment, release

# Django's generic classes can be subscripted at run time as they are for mypy.
django_stubs_ext.monkeypatch()

BASE_DIR = environment.BASE_DIR

# --- Configuration file ---------------------------------------------------------------

CQRS = configuration.load(environment.text("CQRS_CONFIG", str(BASE_DIR / "cqrs.yaml")))

# Which code this is, in what processes tell of themselves.
RELEASE = environment.text("RELEASE") or release.of_sources(BASE_DIR)

# --- Secrets, hosts -------------------------------------------------------------------

DEBUG = environment.flag("DEBUG")
SECRET_KEY = environment.secret("SECRET_KEY") or configuration.UNSET_SECRET
DATA_KEY = environment.secret("DATA_KEY") or configuration.UNSET_SECRET
# Former ones, while `event_store rewrap` has not come to the end.
DATA_KEY_PREVIOUS = environment.listing("DATA_KEY_PREVIOUS")
SEAL_KEY = environment.secret("SEAL_KEY") or configuration.UNSET_SECRET
SEAL_PUBLIC_KEYS = environment.listing("SEAL_PUBLIC_KEYS")
ALLOWED_HOSTS = environment.listing("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
# What pages say this system is, so that nobody takes one for another.
ENVIRONMENT = environment.text("ENVIRONMENT", "development")

# --- Databases ------------------------------------------------------------------------
# "default" holds the log, keys and users; "read" the read tables and checkpoints.

DATABASE_URL = environment.text("DATABASE_URL") or environment.embedded("postgres")
READ_DATABASE_URL = environment.text("READ_DATABASE_URL")
READ_DATABASE_IS_SEPARATE = bool(READ_DATABASE_URL)
EMBEDDED_POSTGRES = not environment.text("DATABASE_URL")


def _database(url: str, name: str) -> dict[str, Any]:
    # Without any server yet (a fresh clone) the settings still load, for --help and
    # the linters; the first query says what to do.
    settings = environment.database(url or "postgres://127.0.0.1:1/none", name=name)
    # A dead peer must not hold a connection (and its locks) for hours: GUARANTEES of
    # the log rest on it. Milliseconds and seconds.
    settings["OPTIONS"] = {
        "connect_timeout": 5,
        "tcp_user_timeout": 5000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        **settings["OPTIONS"],
    }
    return {
        **settings,
        "ENGINE": "cqrs_site.postgres_engine",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # A cursor that outlives its transaction would be lost behind PgBouncer, which
        # may give every transaction another server connection.
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }


DATABASES = {
    "default": _database(DATABASE_URL, "DATABASE_URL"),
    "read": _database(READ_DATABASE_URL or DATABASE_URL, "READ_DATABASE_URL"),
}
# Each a streaming copy of "read". One that does not answer is left out, soon.
for _number, _url in enumerate(environment.listing("READ_REPLICA_URLS")):
    _replica = _database(_url, "READ_REPLICA_URLS")
    _replica["OPTIONS"] |= {"connect_timeout": 2, "tcp_user_timeout": 2000}
    DATABASES[f"replica_{_number}"] = {**_replica, "TEST": {"MIRROR": "read"}}
DATABASE_ROUTERS = ["cqrs_site.database_router.ReadSideRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Where `event_store archive` puts files unless it is told: another disk is better.
ARCHIVE_DIR = Path(
    environment.text("ARCHIVE_DIR", str(environment.LOCAL_DIR / "archive"))
)

# --- Redis, Celery --------------------------------------------------------------------

REDIS_URL = (
    environment.text("REDIS_URL")
    or environment.embedded("redis")
    or "redis://127.0.0.1:1/0"
)
EMBEDDED_REDIS = not environment.text("REDIS_URL")
CELERY_BROKER_URL = environment.text("CELERY_BROKER_URL") or REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
# A message is acknowledged when its task has ended, and none is fetched ahead: a killed
# worker takes nothing with it, a busy one holds nothing back.
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False

# --- Applications ---------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_filters",
    "drf_spectacular",
    "rest_framework",
    "api",
    "eventstore",
    "projections",
    "monitoring",
    "orders",
    "cqrs_site",
]

MIDDLEWARE = [
    "api.request_id.RequestIdMiddleware",
    "projections.web.noting.NotingMiddleware",
    "api.cross_origin.CrossOriginMiddleware",
    "api.rate_limit.RateLimitHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "api.chunked.ChunkedBodyMiddleware",
    "projections.web.primary_once.PrimaryOnceMiddleware",
]

ROOT_URLCONF = "cqrs_site.urls"
WSGI_APPLICATION = "cqrs_site.wsgi.application"
APPEND_SLASH = False  # an API answers 404, never a redirect that drops a POST body

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
                "cqrs_site.preferences.chosen",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- Time, language, static files -----------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = environment.LOCAL_DIR / "static"
WHITENOISE_USE_FINDERS = True

# --- Security -------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
# A proxy in front ends TLS and says so in X-Forwarded-Proto, which it must set itself
# on every request. Without one that header means nothing, and there is no HSTS.
if environment.flag("BEHIND_TLS"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
# Origins whose pages may call the API with a key; none unless named.
CORS_ALLOWED_ORIGINS = frozenset(environment.origins("CORS_ALLOWED_ORIGINS"))
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"

# --- REST -----------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "api.rate_limit.WithinRateLimit",
        "api.permissions.HasScope",
    ],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["api.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,  # ?format= is no parameter of ours
    "LIST_SERIALIZER_ERRORS_AS_DICT": True,
}

# What an API key may be allowed to do; every endpoint names what it needs.
API_SCOPES = {
    "orders:read": "read orders, customers, products and reports",
    "orders:write": "send commands to orders",
    "orders:import": "import past orders",
    "events:read": "read the feed of events",
    "ops:read": "watch projections and operations",
    "ops:write": "pause, rebuild, retry and the like",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Orders",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "TAGS": [
        {"name": "commands", "description": "What changes an order."},
        {"name": "queries", "description": "What is read from tables and the log."},
        {"name": "operators", "description": "What keeps the read tables going."},
    ],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "orders.web.schema_links.add",
    ],
}

# --- Logging --------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s"
        }
    },
    "filters": {"request_id": {"()": "api.request_id.RequestIdFilter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request_id"],
        },
    },
    "loggers": {
        # A client's mistake is answered, not logged; 5xx are errors.
        "django.request": {"level": "ERROR"},
        # A follower starts every few seconds: its coming and going is no news.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.worker.request": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
