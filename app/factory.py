"""Put the app together from its settings: database, carrier, edge, doors. Nothing happens at import.

Called by wsgi.py, by tests, and by nothing else.
"""

from functools import cache

from flask_openapi3 import Info
from werkzeug.middleware.proxy_fix import ProxyFix

from app.adapters.redis_bell import RedisBell
from app.adapters.redis_limits import RedisLimiter, redis_is_ready
from app.adapters.rq_jobs import RqCarrier, count_queued
from app.api.description import describe
from app.api.humanlayer import calls as humanlayer_calls
from app.api.v1 import (
    adjustments,
    audit,
    calendars,
    chat_hooks,
    claims,
    decision_feed,
    decisions,
    deliveries,
    doctor,
    endpoints,
    files,
    giving_back,
    grants,
    groups,
    health,
    items,
    keys,
    llm_prices,
    metrics,
    my_notifications,
    people,
    period_closes,
    policies,
    presence,
    queues,
    rate_cards,
    reports,
    submissions,
    task_types,
)
from app.api.v1.together import make_combiner
from app.edge import headers, problems, sessions, static_files
from app.edge.limits import Limiter, NoLimit
from app.edge.problems import validation_problem
from app.edge.requests import BODY_BYTES
from app.edge.unit_of_work import ProofdeskApp
from app.edge.waiting import WaitingRoom
from app.kernel.db import Database, make_engine
from app.kernel.sealing import Vault
from app.settings import Settings
from app.web import pages

VERSION = "0.1.0"
_RESOURCES = (
    adjustments,
    audit,
    calendars,
    chat_hooks,
    claims,
    decision_feed,
    decisions,
    deliveries,
    doctor,
    endpoints,
    files,
    giving_back,
    grants,
    groups,
    health,
    humanlayer_calls,
    items,
    keys,
    llm_prices,
    metrics,
    my_notifications,
    people,
    period_closes,
    policies,
    queues,
    presence,
    rate_cards,
    reports,
    submissions,
    task_types,
)


def make_database(settings: Settings, *, pool_size: int = 4) -> Database:
    """Return this process's database, whose jobs go to Redis after each commit."""
    return Database(
        make_engine(settings.database_url, pool_size=pool_size),
        Vault(settings.secret_key, settings.secret_key_fallbacks),
        RqCarrier(settings.redis_url).send,
    )


def create_app(settings: Settings, *, database: Database | None = None, threads: int = 16) -> ProofdeskApp:
    """Return the app.

    Args:
        database: Another one than the settings name; tests bring theirs.
        threads: How many requests this process works on at once; at most half of them may be waiting ones.
    """
    app = ProofdeskApp(
        "app",
        info=Info(title="Proofdesk", version=VERSION, description="Human review of model outputs, with its price."),
        security_schemes={"key": {"type": "http", "scheme": "bearer"}},
        doc_ui=False,
        validation_error_callback=validation_problem,
        static_folder=None,
        template_folder="templates",
    )
    app.database = database or make_database(settings)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=BODY_BYTES,
        SECURE=settings.secure,
        HOSTS=settings.hosts,
        BASE_URL=settings.base_url,
        ALLOW_PRIVATE_ENDPOINTS=settings.allow_private_endpoints,
        MAIL=settings.smtp_url is not None,
    )
    limit = settings.rate_limit_per_minute
    limiter: Limiter = NoLimit() if limit is None else RedisLimiter(settings.redis_url, limit)
    app.extensions["limiter"] = limiter
    app.extensions["submitting"] = make_combiner(app.database, limiter)
    app.extensions["waiting_room"] = WaitingRoom(RedisBell(settings.redis_url), places=max(1, threads // 2))
    app.extensions["jobs_queued"] = lambda: count_queued(settings.redis_url)
    app.extensions["redis_is_ready"] = lambda: redis_is_ready(settings.redis_url)
    problems.install(app)
    static_files.install(app)
    headers.install(app, secure=settings.secure)
    sessions.install(app)
    for resource in _RESOURCES:
        app.register_api(resource.api)
    pages.install(app)
    app.extensions["description"] = cache(
        lambda: describe(app, base_url=settings.base_url, limit=settings.rate_limit_per_minute)
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # Flask documents this way
    return app
