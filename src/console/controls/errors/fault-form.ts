import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { CodeSchema } from "#deps/google/rpc/code_pb.js";
import {
  type Fault,
  Fault_CutSchema,
  FaultSchema,
} from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { ErrorReasonSchema } from "../../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { durationInput, expectedDuration, msOf, parseDuration } from "../../emulator/durations.ts";
import { operatorName } from "../../emulator/resource-names.ts";

/** What a person has typed and chosen for an error to inject. All are texts of controls. */
export type FaultForm = {
  readonly method: string;
  /** Number of the operator. */
  readonly operator: string;
  readonly clientId: string;
  readonly userKey: string;
  readonly effect: "reason" | "code" | "cut" | "none";
  readonly reason: string;
  readonly code: string;
  readonly message: string;
  readonly retryDelay: string;
  readonly cut: string;
  readonly delay: string;
  readonly frequency: "nextCalls" | "everyNth" | "share" | "all";
  /** Number of calls, n, or the share in percent. */
  readonly count: string;
};

/** What is wrong, by field of the form. */
export type FormErrors = Partial<Record<keyof FaultForm, string>>;

/** What the fields of the form share. */
export type FormProps = {
  readonly form: FaultForm;
  readonly errors: FormErrors;
  change(changes: Partial<FaultForm>): void;
};

/** The form of a new error: the next call is overloaded. */
export const emptyForm: FaultForm = {
  method: "",
  operator: "",
  clientId: "",
  userKey: "",
  effect: "reason",
  reason: "SERVER_OVERLOADED",
  code: "UNAVAILABLE",
  message: "",
  retryDelay: "",
  cut: "BEFORE_ANSWER",
  delay: "",
  frequency: "nextCalls",
  count: "1",
};

/** Returns the fault that a form describes, and what of it cannot be read. What the emulator rejects is not checked. */
export function faultOf(form: FaultForm): { fault: Fault; errors: FormErrors } {
  const errors: FormErrors = {};
  const duration = (field: "delay" | "retryDelay") => {
    const text = form[field].trim();
    const ms = text === "" ? undefined : parseDuration(text);
    if (text !== "" && ms === undefined) {
      errors[field] = `must be ${expectedDuration}`;
    }
    return ms === undefined ? {} : { [field]: `${ms / 1_000}s` };
  };
  const match = matchOf(form);
  const { effect, reason, code, message, cut } = form;
  const fault = fromJson(FaultSchema, {
    ...(Object.keys(match).length > 0 && { match }),
    ...duration("delay"),
    ...(effect === "reason" && { error: { reason, message, ...duration("retryDelay") } }),
    ...(effect === "code" && { error: { code, message, ...duration("retryDelay") } }),
    ...(effect === "cut" && { cut }),
    ...frequencyOf(form, errors),
  });
  return { fault, errors };
}

function matchOf({ method, operator, clientId, userKey }: FaultForm): JsonObject {
  return {
    ...(method !== "" && { method }),
    ...(operator.trim() !== "" && { operator: operatorName(operator) }),
    ...(clientId !== "" && { clientId }),
    ...(userKey !== "" && { userKey }),
  };
}

function frequencyOf({ frequency, count }: FaultForm, errors: FormErrors): JsonObject {
  if (frequency === "all") {
    return {};
  }
  if (frequency === "share") {
    const percent = Number(/^\s*(\d*\.?\d+)\s*%?\s*$/.exec(count)?.[1]);
    if (percent > 0 && percent <= 100) {
      return { share: percent / 100 };
    }
    errors.count = "must be a percentage, more than 0 and at most 100";
    return {};
  }
  const number = /^\s*\d{1,10}\s*$/.test(count) ? Number(count) : 0;
  if (number >= 1 && number <= 0x7fff_ffff) {
    return { [frequency]: number };
  }
  errors.count = "must be a whole number from 1 to 2147483647";
  return {};
}

/** Returns the form that describes a fault. */
export function formOf({ match, delay, effect, frequency }: Fault): FaultForm {
  const error = effect.case === "error" ? effect.value : undefined;
  const text = (duration: Fault["delay"]) => (duration ? durationInput(msOf(duration)) : "");
  return {
    ...emptyForm,
    method: match?.method ?? "",
    operator: match?.operator.replace(/^operators\//, "") ?? "",
    clientId: match?.clientId ?? "",
    userKey: match?.userKey ?? "",
    effect: error ? (error.reason ? "reason" : "code") : effect.case === "cut" ? "cut" : "none",
    ...(error?.reason && { reason: ErrorReasonSchema.value[error.reason]?.name ?? "" }),
    ...(error?.code && { code: CodeSchema.value[error.code]?.name ?? "" }),
    message: error?.message ?? "",
    retryDelay: text(error?.retryDelay),
    ...(effect.case === "cut" && { cut: Fault_CutSchema.value[effect.value]?.name ?? "" }),
    delay: text(delay),
    frequency: frequency.case ?? "all",
    count:
      frequency.case === "share"
        ? String(Number((frequency.value * 100).toPrecision(12)))
        : String(frequency.value ?? 1),
  };
}

const fieldOfPath: Readonly<Record<string, keyof FaultForm>> = {
  "match.method": "method",
  "match.operator": "operator",
  "match.clientId": "clientId",
  "match.userKey": "userKey",
  delay: "delay",
  error: "reason",
  "error.reason": "reason",
  "error.code": "code",
  "error.message": "message",
  "error.retryDelay": "retryDelay",
  cut: "cut",
  nextCalls: "count",
  everyNth: "count",
  share: "count",
  // Of the fault itself only a missing effect is reported, and a delay is the one that can be typed.
  "": "delay",
};

/** Sorts violations of CreateFault to the fields of the form; `others` belong to none of them. */
export function errorsOf<Violation extends { readonly field: string; readonly description: string }>(
  violations: readonly Violation[],
): { errors: FormErrors; others: Violation[] } {
  const errors: FormErrors = {};
  const others: Violation[] = [];
  for (const violation of violations) {
    const field = fieldOfPath[violation.field.replace(/^fault\.?/, "")];
    if (field === undefined) {
      others.push(violation);
    } else {
      errors[field] ??= violation.description;
    }
  }
  return { errors, others };
}
