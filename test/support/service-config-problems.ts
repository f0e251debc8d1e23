import type { DescService } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";

/** Checks the value of a key. Returns the problem, without the key. */
type Rule = (value: unknown) => string | undefined;

/** google.protobuf.Duration as JSON: seconds with at most nine fractional digits. */
const duration: Rule = (value) =>
  typeof value === "string" && /^\d{1,12}(\.\d{1,9})?s$/.test(value) && Number.parseFloat(value) > 0
    ? undefined
    : 'must be a positive duration such as "0.5s"';

const number =
  (test: (value: number) => boolean, expected: string): Rule =>
  (value) =>
    typeof value === "number" && test(value) ? undefined : expected;

const codeNames = Object.values(Code)
  .filter((code) => typeof code === "string")
  .map((name) => name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase());

const codes: Rule = (value) => {
  if (!Array.isArray(value) || value.length === 0) {
    return "must be a non-empty list of codes";
  }
  const unknown = value.filter((code) => !codeNames.includes(code));
  return unknown.length > 0 ? `has unknown gRPC codes: ${unknown}` : undefined;
};

const retryPolicy: Readonly<Record<string, Rule>> = {
  maxAttempts: number(
    (n) => Number.isInteger(n) && n >= 2 && n <= 5,
    "must be an integer from 2 to 5, because gRPC clients cap it at 5",
  ),
  initialBackoff: duration,
  maxBackoff: duration,
  backoffMultiplier: number((n) => n > 0, "must be greater than 0"),
  retryableStatusCodes: codes,
};

const retryThrottling: Readonly<Record<string, Rule>> = {
  maxTokens: number(
    (n) => Number.isInteger(n) && n > 0 && n <= 1_000,
    "must be a whole number from 1 to 1000",
  ),
  tokenRatio: number(
    (n) => n > 0 && Number.isInteger(n * 1_000),
    "must be greater than 0, with at most 3 decimals",
  ),
};

/**
 * Returns the problems of a gRPC service config, by the rules of grpc/service_config/service_config.proto and gRFC A6 as
 * far as this project uses them; other keys are reported as unknown. The config must name every method of the services
 * exactly once, and nothing else.
 */
export function serviceConfigProblems(config: unknown, services: readonly DescService[]): string[] {
  const problems: string[] = [];
  const methods = new Map(
    services.flatMap(({ typeName, methods }) => methods.map(({ name }) => [`${typeName}/${name}`, false])),
  );

  function name(path: string, value: unknown): void {
    const { service, method, ...rest } = objectAt(path, value);
    unknownKeys(path, rest);
    const desc = services.find(({ typeName }) => typeName === service);
    if (desc === undefined) {
      problems.push(`${path}: there is no service ${service}`);
      return;
    }
    const named = desc.methods.filter((one) => method === undefined || one.name === method);
    if (named.length === 0) {
      problems.push(`${path}: ${service} has no method ${method}`);
    }
    for (const one of named) {
      const full = `${service}/${one.name}`;
      if (methods.get(full)) {
        problems.push(`${path}: ${full} is named twice`);
      }
      methods.set(full, true);
    }
  }

  function objectAt(path: string, value: unknown): Record<string, unknown> {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
    problems.push(`${path}: must be an object`);
    return {};
  }

  function unknownKeys(path: string, rest: object): void {
    problems.push(...Object.keys(rest).map((key) => `${path}.${key}: unknown key`));
  }

  /** Checks that an object has exactly the keys of `rules`, with valid values. */
  function checkObject(path: string, value: unknown, rules: Readonly<Record<string, Rule>>): void {
    const object = objectAt(path, value);
    unknownKeys(path, Object.fromEntries(Object.entries(object).filter(([key]) => !(key in rules))));
    for (const [key, rule] of Object.entries(rules)) {
      const problem = rule(object[key]);
      if (problem !== undefined) {
        problems.push(`${path}.${key}: ${problem}`);
      }
    }
  }

  const { methodConfig, retryThrottling: throttling, ...rest } = objectAt("$", config);
  unknownKeys("$", rest);
  for (const [index, one] of (Array.isArray(methodConfig) ? methodConfig : []).entries()) {
    const path = `methodConfig[${index}]`;
    const { name: names, timeout, retryPolicy: retry, ...more } = objectAt(path, one);
    unknownKeys(path, more);
    for (const [at, entry] of (Array.isArray(names) ? names : []).entries()) {
      name(`${path}.name[${at}]`, entry);
    }
    const problem = duration(timeout);
    if (problem !== undefined) {
      problems.push(`${path}.timeout: ${problem}`);
    }
    checkObject(`${path}.retryPolicy`, retry, retryPolicy);
  }
  checkObject("retryThrottling", throttling, retryThrottling);
  problems.push(...[...methods].filter(([, named]) => !named).map(([full]) => `${full} is not named`));
  return problems;
}
