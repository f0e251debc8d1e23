import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LongNumber } from "../../../src/transcoding/json/long-number.ts";
import { parseJson } from "../../../src/transcoding/json/parse.ts";
import { countCalls } from "../fixtures/count-work.ts";

function parsed(text: string): unknown {
  const result = parseJson(text);
  if (!("json" in result)) {
    throw new Error(`not JSON: ${text}`);
  }
  return result.json;
}

describe("parseJson", () => {
  it("parseJson returns the value of a valid text", () => {
    expect(parseJson('{"a":[1,"x",null]}')).toEqual({ json: { a: [1, "x", null] } });
  });

  it.each([
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ["[1,2", 4],
    ["{}x", 2],
  ])("parseJson returns only the place where %s stops being JSON", (text, offset) => {
    expect(parseJson(text)).toEqual({ offset });
  });

  it("parseJson returns no place if the parser reports none", () => {
    expect(parseJson("")).toEqual({ offset: undefined });
  });
});

describe("parseJson and numbers that a double does not hold", () => {
  it.each([
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "9007199254740993.0",
    "9007199254740993.5",
    "1e18",
    "1E+18",
    "-9.223372036854775808e18",
    "9223372036854775807000e-3",
    "1.00000000000000001",
    "0.99999999999999999999",
    "-0.99999999999999999999",
    "1e-400",
    "123456789012345.99999",
    "123456.000000000001",
    "1.5e300",
    `1${"0".repeat(300)}`,
    `0.${"0".repeat(400)}1`,
  ])("parseJson keeps the text of %s at each place of a value", (text) => {
    const long = new LongNumber(text);
    expect(parsed(text)).toEqual(long);
    expect(parsed(` [${text}, "${text}",\n${text}\t]`)).toEqual([long, text, long]);
    expect(parsed(`{"a":{"b" : [[],{},[1,${text}]],"c":${text}},"d":"x:${text}","e":${text}}`)).toEqual({
      a: { b: [[], {}, [1, long]], c: long },
      d: `x:${text}`,
      e: long,
    });
  });

  it.each([
    "9007199254740991",
    "-9007199254740991",
    "1e3",
    "1.0",
    "100e-2",
    "1.0000000000000000000000",
    "10000000000000000000000e-20",
    "1e-00002",
    "1e0000000002",
    "0.1234567890123456789",
    "0e999999",
    "-0",
    "-0.0e0",
    "1e400",
  ])("parseJson returns a number for %s, whose double is as whole as its text", (text) => {
    expect(parsed(`{"a":${text},"b":[1e3]}`)).toEqual({ a: Number(text), b: [1000] });
  });

  it("parseJson finds the places of long numbers behind escaped keys and strings that look like JSON", () => {
    const long = new LongNumber("1e18");
    const key = '"\\{[,:';
    expect(parsed(`{${JSON.stringify(key)}:[{"\\u0061":1e18}],"\\"":1e18,"":1e18,"1":1e18}`)).toEqual({
      [key]: [{ a: long }],
      '"': long,
      "": long,
      1: long,
    });
  });

  it("parseJson keeps long numbers of the key __proto__ as own properties and changes no prototype", () => {
    const json = parsed('{"__proto__":{"x":1e18},"constructor":{"prototype":{"x":1e18}}}') as Record<
      string,
      unknown
    >;
    expect(Object.getOwnPropertyDescriptor(json, "__proto__")?.value).toEqual({ x: new LongNumber("1e18") });
    // JSON.parse drops the first value of a duplicate key, so that its places do not exist.
    parsed('{"a":{"constructor":{"prototype":{"x":1e18}},"__proto__":{"x":1e18}},"a":{}}');
    parsed('{"a":{"b":[{"c":1e18}],"d":1e18},"a":[[1],2]}');
    parsed('{"a":{"b":1e18},"a":"b"}');
    expect({}).not.toHaveProperty("x");
  });

  it("parseJson keeps long numbers at any depth", () => {
    const depth = 20_000;
    let json = parsed(`${"[".repeat(depth)}1e18${"]".repeat(depth)}`);
    for (let at = 0; at < depth; at++) {
      json = (json as unknown[])[0];
    }
    expect(json).toEqual(new LongNumber("1e18"));
  });

  it("parseJson looks for the places of numbers only in texts that may hold long ones", () => {
    const valid = {
      quotaBytes: "9223372036854775807",
      time: "2026-01-31T08:00:00.123456789Z",
      counts: [1, -2.5, 123456789012345],
      text: "1.5e3, 1234567890123456 of x",
    };
    const work = (text: string) => countCalls(() => parseJson(text), [Object, "hasOwn"]);
    expect(work(JSON.stringify({ ...valid, text: "" }))).toBe(0);
    expect(work(JSON.stringify({ ...valid, text: "" }, null, 2))).toBe(0);
    expect(work(JSON.stringify(valid).replace("-2.5", "1e3"))).toBeGreaterThan(0);
    expect(work(JSON.stringify(valid))).toBe(0);
    expect(parsed(JSON.stringify(valid))).toEqual(valid);
  });

  it("JSON.stringify writes what parseJson has parsed with all digits of its numbers", () => {
    const number = fc.oneof(
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
      fc.constantFrom("1e18", "9007199254740993.50", "1.00000000000000001E0", "0.1", "-7", "1e-400"),
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        number,
        fc.string({ unit: "binary" }).map((each) => JSON.stringify(each)),
        fc.constantFrom("null", "true", "[]", "{}"),
        fc.array(tie("any"), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
        fc
          .dictionary(fc.string({ unit: "binary" }), tie("any"), { maxKeys: 4 })
          .map(
            (object) => `{${Object.entries(object).map(([key, each]) => `${JSON.stringify(key)}:${each}`)}}`,
          ),
      ),
    })).any as fc.Arbitrary<string>;
    fc.assert(
      fc.property(value, (text) => {
        expect(JSON.stringify(parsed(text))).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });
});
