import { headers as oddHeaders, type Seed, tokens } from "./corpus.ts";
import type { Random } from "./random.ts";

/** Mutates a text, one character per byte, one to three times. */
export function mutate(text: string, random: Random): string {
  let mutated = text;
  for (let rounds = 1 + random.below(3); rounds > 0; rounds -= 1) {
    const at = random.below(mutated.length + 1);
    const length = random.below(8);
    const before = mutated.slice(0, at);
    switch (random.below(6)) {
      case 0:
        mutated = before + String.fromCharCode(random.below(256)) + mutated.slice(at + 1);
        break;
      case 1:
        mutated = before;
        break;
      case 2:
        mutated = before + mutated.slice(at, at + length).repeat(1 + random.below(20)) + mutated.slice(at);
        break;
      case 3:
        mutated = before + mutated.slice(at + length);
        break;
      default:
        mutated = before + random.pick(tokens) + mutated.slice(at + random.below(2) * length);
    }
  }
  return mutated;
}

/** Returns the bytes of a request of the corpus with some of its parts mutated. */
export function writeRequest(seed: Seed, authorization: string | undefined, random: Random): Buffer {
  const maybe = (text: string, oneIn: number) => (random.below(oneIn) === 0 ? mutate(text, random) : text);
  const method = maybe(seed.method, 20);
  const mark = seed.target.indexOf("?");
  const path = mark === -1 ? seed.target : seed.target.slice(0, mark);
  const query = mark === -1 ? "" : seed.target.slice(mark);
  // Most targets must pass the parser of node:http, otherwise little else would be tested.
  const target = maybe(path, 4) + maybe(query, 2);
  const visible = random.below(8) === 0 ? target : target.replaceAll(/[^!-~]/g, encodeURIComponent);
  const body = maybe(seed.body, 2);
  const lines = [`${method} ${visible} HTTP/1.1`, "host: 127.0.0.1"];
  if (authorization !== undefined && random.below(20) > 0) {
    lines.push(`authorization: ${authorization}`);
  }
  for (const [name, value] of seed.headers) {
    lines.push(`${name}: ${maybe(value, 6)}`);
  }
  if (random.below(4) === 0) {
    lines.push(random.pick(oddHeaders).join(": "));
  }
  if (body !== "" || random.below(4) === 0) {
    lines.push(`content-length: ${Buffer.byteLength(body, "latin1")}`);
  }
  const head = `${lines.join("\r\n")}\r\n\r\n`;
  return Buffer.from(maybe(head, 30) + body, "latin1");
}
