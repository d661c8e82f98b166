"""The WSGI entry point: `granian --interface wsgi wsgi:app`, or any other server."""

from app.factory import create_app
from app.logs import configure
from app.settings import environment, read_settings

settings = read_settings(environment())
configure(settings.log_level)
app = create_app(settings)
