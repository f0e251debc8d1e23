/** A change of a file of the contract that breaks its users. */
export type BreakingChange = { readonly file: string; readonly change: (text: string) => string };

const file = (name: string) => `mobiledataplansharing/v1/${name}.proto`;
const [resources, plans, enums, errors, service] = [
  "resources",
  "plans",
  "enums",
  "errors",
  "plan_status_service",
].map((name) => file(name)) as [string, string, string, string, string];

/** Replaces one place. */
const edit = (path: string, before: string | RegExp, after: string): BreakingChange => ({
  file: path,
  change: (text) => text.replace(before, after),
});

/** Returns a change that lowers the first number after a text. */
const lower = (path: string, rule: string): BreakingChange => ({
  file: path,
  change: (text) =>
    text.replace(
      new RegExp(`(${rule} = )(\\d+)`),
      (_, start: string, limit: string) => `${start}${Number(limit) - 1}`,
    ),
});

const title = /^ {2}string title = 6/m;

/** The kinds of breaking changes, each with one change of the contract. docs/stability.md says whom each breaks. */
export const breakingKinds: Readonly<Record<string, BreakingChange>> = {
  "a field is removed": edit(resources, /^ {2}string title = 6[^;]*;\n/m, ""),
  "a field is renamed": edit(resources, title, "  string headline = 6"),
  "a field gets another number": edit(resources, title, "  string title = 66"),
  "a field gets another type": edit(plans, "optional int64 quota_minutes", "optional int32 quota_minutes"),
  "a field becomes repeated": edit(resources, title, "  repeated string title = 6"),
  "a field gets presence": edit(resources, title, "  optional string title = 6"),
  "a field moves into a oneof": edit(
    errors,
    "google.rpc.Code code = 1;",
    "oneof kind {\n    google.rpc.Code code = 1;\n  }",
  ),
  "an enum value is removed": edit(enums, /^ {2}DAILY = \d+;\n/m, ""),
  "a message is renamed": edit(errors, /\bErrorReasonSpec\b/g, "ErrorReasonDetails"),
  "a method is renamed": edit(service, "rpc CreatePlanStatus(", "rpc PushPlanStatus("),
  "a path changes": edit(service, '}/planStatuses"', '}/statuses"'),
  "an HTTP method changes": edit(
    service,
    'post: "/v1/{parent=operators/*}/planStatuses"',
    'put: "/v1/{parent=operators/*}/planStatuses"',
  ),
  "a body changes": edit(service, 'body: "plan_status"', 'body: "*"'),
  "a field becomes required": edit(
    plans,
    "(google.api.field_behavior) = OPTIONAL",
    "(google.api.field_behavior) = REQUIRED",
  ),
  "a bound is tightened": lower(resources, "max_items"),
  "a list of values is shortened": edit(service, /in: \[\s*"mobiledataplan",/, "in: ["),
  "another scope is required": edit(service, "/auth/dataplansharing", "/auth/dataplansharing.write"),
  "an error gets another code": edit(
    errors,
    "FIELD_INVALID = 1 [(reason_spec) = {code: INVALID_ARGUMENT}]",
    "FIELD_INVALID = 1 [(reason_spec) = {code: FAILED_PRECONDITION}]",
  ),
};
