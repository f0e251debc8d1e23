import { expect, it } from "vitest";
import { createElementScanner } from "../../../src/transcoding/json/element-scanner.ts";

const encode = (text: string) => new TextEncoder().encode(text);

it.each([
  ["a comma", "1,2]", 1],
  ["the closing bracket of the array", "1]", 1],
  ["a closing brace that closes nothing", "1}", 1],
  ["a comma after nested arrays and objects", '{"a":[1,{}]},', 12],
  ["a comma after a string with brackets, a comma and an escaped quote", '"],}\\"",', 7],
  ["a comma after a string that ends in an escaped backslash", '"\\\\",', 4],
])("the element scanner ends an element at %s", (_, text, end) => {
  expect(createElementScanner()(encode(text), 0)).toBe(end);
});

it("the element scanner returns -1 if the chunk ends inside an element, and continues in the next chunk", () => {
  const findEnd = createElementScanner();
  expect(findEnd(encode('["a\\'), 0)).toBe(-1);
  expect(findEnd(encode('",]"'), 0)).toBe(-1);
  expect(findEnd(encode("],3]"), 0)).toBe(1);
});

it("the element scanner finds the end of each element when it is called from behind the last one", () => {
  const findEnd = createElementScanner();
  const chunk = encode("1,[2],3]");
  expect(findEnd(chunk, 0)).toBe(1);
  expect(findEnd(chunk, 2)).toBe(5);
  expect(findEnd(chunk, 6)).toBe(7);
});

it.each([
  ["an object", '{"a":[1,{}]} ,', 12],
  ["an array at the end of the chunk", "[[]]", 4],
  ["a string with an escaped quote", '"\\"",', 4],
  ["a number, at its separator", "12,", 2],
])("the element scanner that ends early ends %s with its last byte", (_, text, end) => {
  expect(createElementScanner({ endsEarly: true })(encode(text), 0)).toBe(end);
});
