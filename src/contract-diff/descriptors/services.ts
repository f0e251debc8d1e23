import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { type Json, type JsonObject, lacking, listOf, shown } from "../json.ts";
import type { Comparison } from "./comparison.ts";
import { type Contract, optionsOf } from "./contract.ts";

/** Compares two services without their HTTP rules. */
export function compareServices(comparison: Comparison, before: DescService, after: DescService): void {
  const { report } = comparison;
  const paired = new Set<DescMethod>();
  for (const method of before.methods) {
    const where = `${before.typeName}.${method.name}`;
    const same = after.methods.find(({ name }) => name === method.name);
    const other = same ?? renamedMethod(comparison, method, before, after);
    if (other === undefined) {
      report("method-removed", where, methodText(method), undefined);
      continue;
    }
    paired.add(other);
    if (same === undefined) {
      report("method-renamed", where, method.name, other.name);
    }
    compareMethods(comparison, where, method, other);
  }
  for (const method of after.methods.filter((each) => !paired.has(each))) {
    report("method-added", `${before.typeName}.${method.name}`, undefined, methodText(method));
  }
  compareScopes(comparison, before, after);
  const host = "[google.api.default_host]";
  const [old, now] = [optionsOf(comparison.old, before), optionsOf(comparison.now, after)];
  if (old[host] !== undefined && old[host] !== now[host]) {
    report(
      "code-option",
      before.typeName,
      `default_host = ${old[host]}`,
      `default_host = ${now[host] ?? "none"}`,
    );
  }
}

function compareMethods(
  { old, now, report, newNameOf }: Comparison,
  where: string,
  before: DescMethod,
  after: DescMethod,
): void {
  for (const side of ["input", "output"] as const) {
    if (newNameOf(before[side].typeName) !== after[side].typeName) {
      report("method-type", where, `${side} ${before[side].typeName}`, `${side} ${after[side].typeName}`);
    }
  }
  if (before.methodKind !== after.methodKind) {
    report("method-streaming", where, before.methodKind, after.methodKind);
  }
  const [options, newOptions] = [optionsOf(old, before), optionsOf(now, after)];
  const level = options.idempotency_level;
  if (level !== undefined && level !== "IDEMPOTENCY_UNKNOWN" && level !== newOptions.idempotency_level) {
    // What has no side effects is idempotent, too.
    const isRelaxed = level === "IDEMPOTENT" && newOptions.idempotency_level === "NO_SIDE_EFFECTS";
    if (!isRelaxed) {
      report("method-idempotency", where, shown(level), shown(newOptions.idempotency_level));
    }
  }
  const signature = "[google.api.method_signature]";
  for (const gone of lacking(options[signature], newOptions[signature])) {
    report("code-option", where, `method_signature = ${shown(gone)}`, signaturesText(newOptions[signature]));
  }
}

const signaturesText = (value: Json) =>
  listOf(value).length === 0 ? undefined : `method_signature = ${listOf(value).join("; ")}`;

/** The only new method that takes and returns the same messages, if the old name is gone. */
function renamedMethod(
  { newNameOf }: Comparison,
  method: DescMethod,
  before: DescService,
  after: DescService,
): DescMethod | undefined {
  const candidates = after.methods.filter(
    (other) =>
      !before.methods.some(({ name }) => name === other.name) &&
      newNameOf(method.input.typeName) === other.input.typeName &&
      newNameOf(method.output.typeName) === other.output.typeName &&
      method.methodKind === other.methodKind,
  );
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** A token with any one of the scopes may call the methods. Without scopes, tokens need none. */
function compareScopes({ old, now, report }: Comparison, before: DescService, after: DescService): void {
  const [scopes, newScopes] = [scopesOf(old, before), scopesOf(now, after)];
  const text = (list: readonly string[]) => list.join(", ");
  const isStricter = newScopes.length > 0 && (scopes.length === 0 || lacking(scopes, newScopes).length > 0);
  if (isStricter) {
    report("scope-required", before.typeName, text(scopes), text(newScopes));
  } else if (text(scopes) !== text(newScopes)) {
    report("scope-relaxed", before.typeName, text(scopes), text(newScopes));
  }
}

function scopesOf(contract: Contract, service: DescService): string[] {
  const options: JsonObject = optionsOf(contract, service);
  const scopes = options["[google.api.oauth_scopes]"];
  return typeof scopes === "string"
    ? scopes
        .split(",")
        .map((scope) => scope.trim())
        .filter(Boolean)
        .toSorted()
    : [];
}

function methodText({ name, input, output, methodKind }: DescMethod): string {
  const [client, server] = [/client|bidi/.test(methodKind), /server|bidi/.test(methodKind)];
  return `rpc ${name}(${client ? "stream " : ""}${input.name}) returns (${server ? "stream " : ""}${output.name})`;
}
