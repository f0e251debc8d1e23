"""Prints the rules that a status violates."""

import protovalidate
from mobiledataplansharing.v1.resources_pb2 import PlanStatus

try:
    protovalidate.validate(PlanStatus(language_code="!!"))
except protovalidate.ValidationError as error:
    for violation in error.violations:
        print(violation.proto.rule_id)
