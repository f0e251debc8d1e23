/**
 * Users whom a change breaks, as in docs/stability.md: those of the binary wire format, of JSON (Connect with JSON, files),
 * of REST, and of generated code.
 */
export type Audience = "binary" | "json" | "rest" | "code";

const all: readonly Audience[] = ["binary", "json", "rest", "code"];
const wire: readonly Audience[] = ["binary", "json", "rest"];

/** Kinds of breaking changes, each with whom it breaks. */
export const breakingKinds = {
  "package-removed": all,
  "package-renamed": ["binary", "code"],
  "message-removed": all,
  "message-renamed": ["code"],
  /** A type is in another file: generated code has it in another module or header. */
  "type-moved": ["code"],
  "field-removed": all,
  "field-renamed": ["json", "rest", "code"],
  "field-json-name": ["json", "rest"],
  "field-number": ["binary"],
  "field-type": all,
  "field-cardinality": all,
  "field-presence": all,
  "field-oneof": all,
  "field-default": all,
  /** A message field is written as a group now, or no longer. */
  "field-encoding": ["binary"],
  /** A new field is required, or an optional one became required. */
  "field-required": wire,
  /** The field can only be read or only be written now (`google.api.field_behavior`). */
  "field-behavior": wire,
  "oneof-renamed": ["code"],
  /** A number or name is no longer reserved, so that a later field may reuse it. */
  "reserved-removed": ["binary", "json"],
  "extension-range-removed": ["binary", "code"],
  "enum-removed": all,
  "enum-renamed": ["code"],
  "enum-closed": all,
  "enum-value-removed": all,
  "enum-value-renamed": ["json", "rest", "code"],
  "enum-value-number": ["binary"],
  "service-removed": all,
  "service-renamed": ["binary", "code"],
  "method-removed": all,
  "method-renamed": ["binary", "code"],
  "method-type": all,
  "method-streaming": all,
  /** The method cannot be called with GET over Connect any more, or may not be retried. */
  "method-idempotency": ["binary", "json", "code"],
  /** An HTTP method and path are no longer served. */
  "http-rule-removed": ["rest"],
  "http-path": ["rest"],
  "http-method": ["rest"],
  "http-body": ["rest"],
  "http-response-body": ["rest"],
  /** Another field gets this part of the path, or another method is called. */
  "http-target": ["rest"],
  "rule-tightened": wire,
  "scope-required": wire,
  "error-reason-removed": all,
  "error-reason-renamed": all,
  "error-reason-code": wire,
  "error-reason-metadata": wire,
  /** A form of a resource name was removed or changed (`google.api.resource`). */
  "resource-name": wire,
  /** An option that names or shapes generated code, such as `go_package`. */
  "code-option": ["code"],
  /** A difference between two OpenAPI documents. */
  openapi: ["json", "rest"],
} as const satisfies Record<string, readonly Audience[]>;

/** Kinds of compatible changes. */
const compatibleKinds = [
  "package-added",
  "message-added",
  "field-added",
  "enum-added",
  "enum-value-added",
  "service-added",
  "method-added",
  "http-rule-added",
  "rule-relaxed",
  "scope-relaxed",
] as const;

export type BreakingKind = keyof typeof breakingKinds;
export type CompatibleKind = (typeof compatibleKinds)[number];

/** A difference between two contracts. */
export type Change = {
  readonly kind: BreakingKind | CompatibleKind;
  /** Full name of the element, or an HTTP method and path. */
  readonly where: string;
  /** What the old and the new contract say there; null where one says nothing. */
  readonly before: string | null;
  readonly after: string | null;
  /** Whom the change breaks; empty for a compatible change. */
  readonly breaks: readonly Audience[];
};

/** Records a difference. Undefined stands for nothing. */
export type Report = (
  kind: BreakingKind | CompatibleKind,
  where: string,
  before: string | undefined,
  after: string | undefined,
) => void;

/** Collects changes. Changes of a type that is compared twice are kept once. */
export function createChangeList(): { readonly report: Report; readonly changes: readonly Change[] } {
  const changes: Change[] = [];
  const seen = new Set<string>();
  return {
    changes,
    report(kind, where, before = "", after = "") {
      const breaks = kind in breakingKinds ? breakingKinds[kind as BreakingKind] : [];
      const key = JSON.stringify([kind, where, before, after]);
      if (!seen.has(key)) {
        seen.add(key);
        changes.push({ kind, where, before: before || null, after: after || null, breaks });
      }
    },
  };
}
