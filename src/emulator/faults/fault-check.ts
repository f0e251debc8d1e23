import { create, type DescMethod } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import {
  type CallMatcher,
  Fault_Cut as Cut,
  type Fault,
  FaultSchema,
  type InjectedError,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { specificationOf } from "../../contract/api-error.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { clientIds, resourceName } from "../../contract/resource-names.ts";
import { closestMatch, didYouMean } from "../../contract/unknown-names/did-you-mean.ts";
import { type ContractRules, sharedContractRules } from "../../plans/contract-rules.ts";
import { statusNameOf } from "../../transcoding/index.ts";
import { contractMethods, filteredMethods, filteredOperator } from "../call-names.ts";
import { durationMsOf } from "../duration-ms.ts";

/** Longest delay of a fault, in seconds: each delayed call has a place in the overload guard. */
const maxDelaySeconds = 600;

/** Longest retry delay, in seconds: a day. */
const maxRetryDelaySeconds = 86_400;

/**
 * Returns the violations of a fault, all at once, with paths relative to it, such as `match.clientId`; "" is the fault. A
 * fault that no valid call can match has one, because it would never do anything.
 */
export function checkFault(fault: Fault): FieldViolation[] {
  const rules = sharedContractRules();
  // Those of the contract: lengths and numbers.
  const found = rules(FaultSchema, fault);
  const others = [
    ...(fault.match === undefined ? [] : within("match", matcherViolations(fault.match, rules))),
    ...durationViolations("delay", fault.delay, maxDelaySeconds),
    ...effectViolations(fault),
  ];
  return [...found, ...others.filter(({ field }) => !found.some((each) => each.field === field))];
}

/** Returns violations with paths that begin with a field. */
export function within(field: string, violations: readonly FieldViolation[]): FieldViolation[] {
  return violations.map((each) => ({
    ...each,
    field: each.field === "" ? field : `${field}.${each.field}`,
  }));
}

function matcherViolations(matcher: CallMatcher, rules: ContractRules): FieldViolation[] {
  const { method, operator, clientId, userKey } = matcher;
  const found: FieldViolation[] = [];
  const methods = [...(filteredMethods(method, found) ?? contractMethods)];
  const withClient = methods.filter(({ input }) => input.field.clientId !== undefined);
  filteredOperator(operator, found);
  if (clientId !== "" && !(clientIds as readonly string[]).includes(clientId)) {
    const suggestion = didYouMean(closestMatch(clientId, clientIds, 2));
    found.push({ field: "clientId", description: `must be one of ${clientIds.join(", ")}${suggestion}` });
  } else if (clientId !== "" && methods.length > 0 && withClient.length === 0) {
    found.push({
      field: "clientId",
      description: `must be left out: no request of ${method} names a client`,
    });
  }
  const named = clientId === "" || withClient.length === 0 ? methods : withClient;
  if (userKey !== "" && named.length > 0 && !named.some(acceptsKey(shortestKey(userKey), rules))) {
    const description = `must match a key that is valid in a request of ${method}: at most 4096 characters, none of them white space, control or invisible characters`;
    found.push({ field: "userKey", description });
  }
  return found;
}

/** Returns the shortest key that matches a pattern, of at least one character. */
function shortestKey(pattern: string): string {
  return pattern.replace(/\\([*\\])|\*/g, (_, escaped) => escaped ?? "") || "1";
}

/** Returns the question whether a request of a method may have a user key or plan group id. */
function acceptsKey(key: string, rules: ContractRules): (method: DescMethod) => boolean {
  return function accepts({ input }) {
    const isValid = (field: string, value: string) =>
      rules(input, create(input, { [field]: value })).every((violation) => violation.field !== field);
    return input.field.name !== undefined
      ? (["planStatuses", "planGroups"] as const).some((each) => isValid("name", resourceName(1, each, key)))
      : isValid(input.field.userKey === undefined ? "planGroupId" : "userKey", key);
  };
}

function durationViolations(
  field: string,
  duration: Duration | undefined,
  mostSeconds: number,
): FieldViolation[] {
  const ms = duration === undefined ? 0 : durationMsOf(duration);
  return ms >= 0 && ms <= mostSeconds * 1_000
    ? []
    : [{ field, description: `must be from 0s to ${mostSeconds}s` }];
}

function effectViolations({ effect, delay }: Fault): FieldViolation[] {
  switch (effect.case) {
    case "error":
      return within("error", errorViolations(effect.value));
    case "cut": {
      const cuts: readonly number[] = [Cut.BEFORE_PROCESSING, Cut.BEFORE_ANSWER, Cut.WITHIN_ANSWER];
      const description = "must be one of BEFORE_PROCESSING, BEFORE_ANSWER, WITHIN_ANSWER";
      return cuts.includes(effect.value) ? [] : [{ field: "cut", description }];
    }
    default: {
      const isDelayed = delay !== undefined && (delay.seconds !== 0n || delay.nanos !== 0);
      return isDelayed
        ? []
        : [{ field: "", description: "must have a delay of more than 0s, an error or a cut" }];
    }
  }
}

function errorViolations({ reason, code, retryDelay }: InjectedError): FieldViolation[] {
  const found = durationViolations("retryDelay", retryDelay, maxRetryDelaySeconds);
  const specification = specificationOf(reason);
  // 0 is a value that is not set.
  const number: number = code;
  if ((reason as number) === 0) {
    if (number === 0) {
      found.push({ field: "", description: "must have a reason, or a code other than OK" });
    }
  } else if (specification === undefined) {
    found.push({ field: "reason", description: "must be a value of ErrorReason" });
  } else if (specification.reason.startsWith("EMULATOR_")) {
    const description =
      "must be a reason that other servers send too: this one is of the emulator's own methods";
    found.push({ field: "reason", description });
  }
  if (number !== 0 && Code[number] === undefined) {
    found.push({ field: "code", description: "must be a value of google.rpc.Code" });
  } else if (number !== 0 && specification !== undefined && number !== specification.code) {
    const description = `must be ${statusNameOf[specification.code]}, the code of ${specification.reason}, or left out`;
    found.push({ field: "code", description });
  }
  return found;
}
