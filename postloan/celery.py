"""The job queue: how it behaves, what beat wakes, and which broker carries the wake-ups.

Work that must happen is a row in PostgreSQL first; a message only wakes a worker to look. So a message may be
lost (the next tick looks again) or delivered twice (a job does nothing the second time); no result is kept.
"""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import beat_embedded_init, beat_init
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postloan.settings")

# A killed worker's job is handed out again after this; every job is shorter (task_time_limit), or it would
# run twice.
VISIBILITY_TIMEOUT = 300
# A Redis that accepts and never answers (frozen, or behind a dead link) is given up after so many seconds; without this
# a publish waits for ever, and beat with it.
ANSWER_TIMEOUT = 5

app = Celery("postloan")
app.conf.update(
    timezone="Asia/Shanghai",
    enable_utc=True,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    # A job is acknowledged when it is done, so one that died with its worker is handed out again, in seconds.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_soft_shutdown_timeout=30,
    task_time_limit=240,
    visibility_timeout=VISIBILITY_TIMEOUT,
    result_backend_transport_options={"visibility_timeout": VISIBILITY_TIMEOUT},
    # A broker that is away is waited for, for ever; a page that wakes a worker does not wait for it at all.
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_publish_retry=False,
    imports=["postloan.jobs"],
    # Intervals, not crontabs: a crontab entry missed while the machine was off runs once, late or never; the
    # tick asks the database which days are not closed. A wake-up nobody took before the next is dropped.
    beat_schedule={
        "tick": {"task": "postloan.jobs.tick", "schedule": 300.0, "options": {"expires": 290}},
        "deliver-outbox": {
            "task": "postloan.jobs.deliver_outbox",
            "schedule": 10.0,
            "options": {"expires": 9},
        },
        "preview": {"task": "postloan.jobs.preview", "schedule": 10.0, "options": {"expires": 9}},
        "seal-audit": {"task": "postloan.jobs.seal_audit", "schedule": 300.0, "options": {"expires": 290}},
    },
)
app.autodiscover_tasks(related_name="jobs")


class FolderChannel(filesystem.Channel):
    """A folder as a broker, in which a reader never meets a half-written message."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # so does kombu
        """Write beside, then rename: kombu's own way lets a reader take the file between its creation and its
        content, which ends the worker with a parse error. The wall clock keeps the order over a reboot."""
        file = Path(self.data_folder_out) / f"{time.time_ns()}_{uuid.uuid4()}.{queue}.msg"
        partial = file.with_name(file.name + ".part")
        partial.write_text(dumps(payload))
        partial.rename(file)


class FolderTransport(filesystem.Transport):
    """`folder://`, for a machine without Redis."""

    Channel = FolderChannel


TRANSPORT_ALIASES["folder"] = "postloan.celery:FolderTransport"


def broker() -> dict[str, Any]:
    """Redis where `REDIS_URL` names one, else a folder; asked late, when settings have read `var/env`."""
    var_dir: Path = settings.VAR_DIR
    if url := os.environ.get("REDIS_URL"):
        return {
            "broker_url": url,
            "broker_transport_options": {
                "visibility_timeout": VISIBILITY_TIMEOUT,
                "unacked_restore_interval": 5,
                "unacked_restore_throttle": 1,
                "health_check_interval": 25,
                "socket_connect_timeout": 2,
                "socket_timeout": ANSWER_TIMEOUT,
                "socket_keepalive": True,
            },
        }
    folder = var_dir / "broker"
    for name in ("queue", "control"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return {
        "broker_url": "folder://localhost",
        "broker_transport_options": {
            "data_folder_in": str(folder / "queue"),
            "data_folder_out": str(folder / "queue"),
            "control_folder": str(folder / "control"),
        },
    }


app.add_defaults(broker)


@beat_init.connect
@beat_embedded_init.connect
def look_at_once(**_: Any) -> None:
    """A machine that comes up looks for open days at once, rather than after the first interval."""
    app.send_task("postloan.jobs.tick", expires=290)
