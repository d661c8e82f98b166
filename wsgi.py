"""The WSGI entry point: `granian --interface wsgi wsgi:app`, or any other server."""

import gc

from sqlalchemy.orm import configure_mappers

from app.factory import create_app
from app.logs import configure
from app.settings import environment, read_settings

settings = read_settings(environment())
configure(settings.log_level)
app = create_app(settings)
# Otherwise the first statement does it, in each process that was forked by then.
configure_mappers()
# What was made up to here stays to the end. Looking through it again and again would stop requests for a tenth of a
# second at a time, mostly those that make much, as a batch does.
gc.collect()
gc.freeze()
