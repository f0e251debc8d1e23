"""Changes what schemathesis sends, because a JSON schema cannot express that times depend on the current time."""

import datetime

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.method == "POST":
        case.body = with_current_times(case.body)


def with_current_times(body):
    """A status must have been updated in the last 30 days and expire later: times that are strings become such times."""
    if isinstance(body, dict) and "languageCode" in body:
        now = datetime.datetime.now(datetime.timezone.utc)
        times = {"updateTime": now, "expireTime": now + datetime.timedelta(days=1)}
        for name, time in times.items():
            if isinstance(body.get(name), str) and body[name][:2].isdigit():
                body = {**body, name: time.isoformat()}
    return body
