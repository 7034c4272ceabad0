"""Sends the lifecycle events of a certificate over the event bus, as a learning platform does.

The first argument is the URL of Redis. The others name the events to send, `created`, `changed` or
`revoked`; without them all are sent.
"""

import sys

from django.conf import settings

settings.configure(
    EVENT_BUS_REDIS_CONNECTION_URL=sys.argv[1],
    EVENT_BUS_TOPIC_PREFIX="dev",
    SERVICE_VARIANT="lms",
    USE_TZ=True,
)

import django

django.setup()

from edx_event_bus_redis import create_producer
from opaque_keys.edx.keys import CourseKey
from openedx_events.learning import signals
from openedx_events.learning.data import (
    CertificateData,
    CourseData,
    UserData,
    UserPersonalData,
)

producer = create_producer()
for signal, name, grade, status, previous in (
    (signals.CERTIFICATE_CREATED, "Ya-Shen Chuang (莊雅善)", "0.93", "downloadable", ""),
    (signals.CERTIFICATE_CHANGED, "", "", "downloadable", "downloadable"),
    (signals.CERTIFICATE_REVOKED, "莊雅善", "0.2", "notpassing", "downloadable"),
):
    if sys.argv[2:] and signal.event_type.split(".")[-2] not in sys.argv[2:]:
        continue
    person = UserPersonalData(username="莊", email="z@example.org", name="莊雅善")
    course = CourseData(
        course_key=CourseKey.from_string("course-v1:ExampleX+CURL101+2026_T1"),
        display_name="Introduction to Curling",
    )
    certificate = CertificateData(
        user=UserData(id=7, is_active=True, pii=person),
        course=course,
        mode="verified",
        grade=grade,
        download_url="",
        name=name,
        current_status=status,
        previous_status=previous,
    )
    producer.send(
        signal=signal,
        topic="learning-certificate-lifecycle",
        event_key_field="certificate.course.course_key",
        event_data={"certificate": certificate},
        event_metadata=signal.generate_signal_metadata(),
    )
