"""Every table of the product in one list, for comparing the models with the migrated schema."""

import app.adjustments.models
import app.audit.models
import app.costs.models
import app.delivery.models
import app.feed.models
import app.files.models
import app.grants.models
import app.identity.models
import app.notifications.models
import app.queue.models
import app.review.models
import app.routing.models
import app.submissions.models
import app.timekeeping.models  # noqa: F401  # importing registers the tables; the names are not used
from app.kernel.db import Base

metadata = Base.metadata
