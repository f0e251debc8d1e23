import type { JsonValue } from "@bufbuild/protobuf";

/** The update time in the examples. Replace it by the current time when you push: old update times are rejected. */
export const readAt = "2026-01-01T00:00:00Z";

const later = "2100-01-01T00:00:00Z";

/**
 * Realistic JSON values of scalar fields, by full name, or by name alone where it means the same in every message. Messages
 * of other APIs are listed by type.
 */
export const sampleValues: Readonly<Record<string, JsonValue>> = {
  parent: "operators/65001",
  client_id: "mobiledataplan",
  user_key: "491701234567",
  plan_group_id: "491701234567",
  include_ui_incompatible: true,
  "mobiledataplansharing.serving.v1.GetPlanStatusRequest.name": "operators/65001/planStatuses/491701234567",
  "mobiledataplansharing.serving.v1.GetPlanGroupRequest.name": "operators/65001/planGroups/491701234567",

  language_code: "en-US",
  title: "ACME Plan 199",
  subscriber_id: "acme-4711",
  ui_compatibility: "UI_COMPATIBLE",
  update_time: readAt,
  last_updated_time: readAt,
  expire_time: later,
  response_stale_time: later,
  expiration_time: later,
  valid_until: later,

  plan_name: "ACME Plan 199",
  plan_id: "acme-199",
  // Prepaid plans need an account beside them, which a single plan cannot have.
  plan_category: "POSTPAID",
  plan_state: "ACTIVE",

  module_name: "Data",
  description: "2 GB for everything",
  coarse_balance_level: "HIGH_QUOTA",
  traffic_categories: ["GENERIC"],
  over_usage_policy: "THROTTLED",
  max_rate_kbps: "64",
  used_bytes: "429496730",
  plan_module_state: "ACTIVE",
  refresh_period: "MONTHLY",
  quota_bytes: "2147483648",
  remaining_bytes: "1717986918",
  quota_minutes: "600",
  remaining_minutes: "420",

  account_balance_status: "VALID",
  "google.type.Money": { currencyCode: "USD", units: "12", nanos: 500_000_000 },

  max_media_rate_kbps: 1500,

  // Provisional: Google's values and names could not be read, and any are accepted.
  cpid_state: "EXAMPLE_STATE",
  android_system_info: { exampleName: "any JSON value" },
};
