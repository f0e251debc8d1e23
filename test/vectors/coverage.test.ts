import { type DescField, type DescMessage, fromJson, getOption } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { createValidator } from "@bufbuild/protovalidate";
import {
  type FieldRules,
  FieldRulesSchema,
  field as fieldRules,
  message as messageRules,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { describe, expect, it } from "vitest";
import { methodOf } from "./case.ts";
import { readVectors } from "./read-vectors.ts";

const { cases } = readVectors();
const methods = [...new Set(cases.map(methodOf))];
const validator = createValidator();

describe("the vectors", () => {
  it("the vectors call all three creates with every kind of token and error", () => {
    expect(methods.map(({ name }) => name).toSorted()).toEqual([
      "CreatePlanGroup",
      "CreatePlanStatus",
      "CreateUserPlanStatus",
    ]);
    expect(new Set(cases.map(({ token }) => token))).toEqual(
      new Set(["push", "foreign", "none", "malformed"]),
    );
    expect(new Set(cases.flatMap(({ error }) => error?.reason ?? []))).toEqual(
      new Set(["FIELD_INVALID", "CREDENTIALS_MISSING", "CREDENTIALS_INVALID", "OPERATOR_NOT_LINKED"]),
    );
  });

  it("rejected vectors violate every rule of the contract, accepted ones none", () => {
    const violated = new Set<string>();
    for (const each of cases) {
      const { input } = methodOf(each);
      const result = validator.validate(input, fromJson(input, each.request));
      const ids = result.kind === "invalid" ? result.violations.map(({ ruleId }) => ruleId) : [];
      if (each.response !== undefined) {
        expect(ids, each.name).toEqual([]);
      }
      for (const id of ids) {
        violated.add(id);
      }
    }
    const rules = new Set(reachable().flatMap(rulesOf));
    expect(rules.size).toBeGreaterThan(8);
    expect([...violated].toSorted()).toEqual([...rules].toSorted());
  });

  it("the vectors violate the rules of times and of notifications", () => {
    // Only cases with both times: `required` is another rule.
    const timed = cases.filter(({ request }) =>
      /"updateTime":.*"|"expireTime":.*"/.test(JSON.stringify(request)),
    );
    const fields = timed.flatMap(({ error }) => error?.violations ?? []);
    expect(fields).toEqual(
      expect.arrayContaining([
        "planStatus.expireTime",
        "planStatus.updateTime",
        "planStatus.plans[0].planModules[0].byteBalance.remainingBytes",
        "planStatus.plans[0].planModules[0].expirationTime",
      ]),
    );
  });

  it("accepted vectors set every field and every enum value", () => {
    const set = new Set<string>();
    for (const each of cases) {
      if (each.response !== undefined) {
        const { input, output } = methodOf(each);
        visit(reflect(input, fromJson(input, each.request)), set);
        visit(reflect(output, fromJson(output, each.response)), set);
      }
    }
    const all = reachable().flatMap(({ fields }) =>
      fields.flatMap((field) => [field.toString(), ...valuesOf(field)]),
    );
    expect(all.length).toBeGreaterThan(80);
    expect(all.filter((name) => !set.has(name))).toEqual([]);
  });
});

/** Returns the messages of the contract that requests contain. */
function reachable(): DescMessage[] {
  const found = new Set<DescMessage>();
  const add = (desc: DescMessage) => {
    if (!found.has(desc) && desc.typeName.startsWith("mobiledataplansharing.")) {
      found.add(desc);
      for (const { message } of desc.fields) {
        message !== undefined && add(message);
      }
    }
  };
  for (const { input } of methods) {
    add(input);
  }
  return [...found];
}

/** Returns the ids of the rules of a message and its fields. */
function rulesOf(desc: DescMessage): string[] {
  return [
    ...getOption(desc, messageRules).cel.map(({ id }) => id),
    ...desc.fields.flatMap((field) => fieldRuleIds(getOption(field, fieldRules))),
  ];
}

function fieldRuleIds(rules: FieldRules): string[] {
  const { type } = rules;
  const ids = [...rules.cel.map(({ id }) => id), ...(rules.required ? ["required"] : [])];
  if (type.case === undefined) {
    return ids;
  }
  const items = type.case === "repeated" && type.value.items ? fieldRuleIds(type.value.items) : [];
  const schema = FieldRulesSchema.field[type.case].message as DescMessage;
  const typed = reflect(schema, type.value);
  const own = typed.fields.filter((field) => typed.isSet(field) && field.name !== "items");
  return [...ids, ...items, ...own.map(({ name }) => `${type.case}.${name}`)];
}

/** Returns the full names of the enum values that are valid for a field, except a zero that means absence. */
function valuesOf(field: DescField): string[] {
  const { type } = getOption(field, fieldRules);
  const invalid: readonly number[] = type.case === "enum" ? type.value.notIn : [];
  const isImplicit = field.fieldKind === "enum" && field.presence === FeatureSet_FieldPresence.IMPLICIT;
  return (field.enum?.values ?? [])
    .filter(({ number }) => !invalid.includes(number) && !(number === 0 && isImplicit))
    .filter(({ name }) => name !== "NOTIFICATION_UNDEFINED")
    .map(({ name }) => `${field.enum?.typeName}.${name}`);
}

/** Adds the set fields of a message and their enum values to `to`. */
function visit(message: ReflectMessage, to: Set<string>): void {
  for (const field of message.fields) {
    if (!message.isSet(field)) {
      continue;
    }
    to.add(field.toString());
    const value = message.get(field);
    const values: Iterable<unknown> = field.fieldKind === "list" ? (value as Iterable<unknown>) : [value];
    for (const item of values) {
      if (field.enum !== undefined) {
        to.add(`${field.enum.typeName}.${field.enum.value[item as number]?.name}`);
      } else if (field.message?.typeName.startsWith("mobiledataplansharing.")) {
        visit(item as ReflectMessage, to);
      }
    }
  }
}
