"""Calls a server with the Python client that openapi-generator makes of openapi.json, and prints what its caller sees."""

import datetime
import json
import os

import mdps


def status():
    now = datetime.datetime.now(datetime.timezone.utc)
    module = mdps.PlanModule(
        module_name="Data", description="2 GB", byte_balance=mdps.ByteQuota(quota_bytes="9223372036854775807")
    )
    return mdps.PlanStatus(
        language_code="en-US",
        update_time=now,
        expire_time=now + datetime.timedelta(days=1),
        plans=[mdps.Plan(plan_id="acme-199", plan_modules=[module])],
    )


def push(url, token, pushed):
    configuration = mdps.Configuration(host=url, access_token=token)
    with mdps.ApiClient(configuration) as client:
        service = mdps.PlanStatusServiceApi(client)
        return service.plan_status_service_create_user_plan_status("65001", "youtube", "a/b+c==", pushed)


def failure(url, token, pushed):
    try:
        push(url, token, pushed)
    except mdps.ApiException as thrown:
        error = thrown.data.error
        found = {"status": error.code, "message": error.message}
        for detail in error.details:
            if detail.reason:
                found["reason"] = detail.reason
            for violation in detail.field_violations or []:
                found["field"] = violation.var_field
        return found
    return {"message": "there was no error"}


url, token = os.environ["MDPS_ENDPOINT"], os.environ["MDPS_TOKEN"]
stored = push(url, token, status())
incomplete = status()
incomplete.plans[0].plan_modules[0].plan_module_state = mdps.PlanState.EXPIRING_SOON
print(
    json.dumps(
        {
            "accepted": [stored.name, stored.plans[0].plan_modules[0].byte_balance.quota_bytes],
            "refused": failure(url, token, incomplete),
            "unauthenticated": failure(url, "nobody", status()),
            "unknown": failure(os.environ["MDPS_STUB"], token, status()),
        }
    )
)
