import { Code, ConnectError } from "@connectrpc/connect";
import { createElementScanner } from "./element-scanner.ts";

/** Splits a stream into JSON texts as its bytes arrive. */
export type JsonElements = {
  /** Takes the next bytes and yields the elements that they complete, each in UTF-8 and valid until the next call. */
  push(chunk: Uint8Array): Generator<Uint8Array>;
  /** Ends the stream and yields the element that only the end completes, if any. */
  end(): Generator<Uint8Array>;
};

const comma = 0x2c;
const newline = 0x0a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const closeBrace = 0x7d;

/**
 * Creates the reader of a JSON array. It does not validate the elements.
 *
 * Raises INTERNAL if the text is not an array, DATA_LOSS if it ends early, RESOURCE_EXHAUSTED for an element of more
 * than `maxBytes`; all elements before that have been yielded.
 */
export function createJsonArrayElements(maxBytes: number): JsonElements {
  const findEnd = createElementScanner({ endsEarly: true });
  const element = createElementBuffer(maxBytes);
  let state: "before" | "first" | "next" | "inside" | "behind" | "after" = "before";

  /** Handles a byte outside of elements. */
  function step(byte: number): void {
    if (state === "before" && byte === openBracket) {
      state = "first";
    } else if ((state === "first" || state === "behind") && byte === closeBracket) {
      state = "after";
    } else if (state === "behind" && byte === comma) {
      state = "next";
    } else {
      throw notAnArray();
    }
  }

  function beginsElement(byte: number): boolean {
    return (
      (state === "first" || state === "next") &&
      byte !== comma &&
      byte !== closeBracket &&
      byte !== closeBrace
    );
  }

  return {
    *push(chunk) {
      let at = 0;
      while (at < chunk.length) {
        const byte = chunk[at] as number;
        if (state === "inside") {
          const end = findEnd(chunk, at);
          if (end === -1) {
            element.add(chunk.subarray(at));
            return;
          }
          const bytes = element.take(chunk.subarray(at, end));
          at = end;
          state = "behind";
          yield bytes;
        } else if (isBlank(byte)) {
          at += 1;
        } else if (beginsElement(byte)) {
          state = "inside";
        } else {
          step(byte);
          at += 1;
        }
      }
    },
    // biome-ignore lint/correctness/useYield: an array ends with its bracket, never with an element.
    *end() {
      if (state !== "after") {
        throw new ConnectError("the response ends before its JSON array does", Code.DataLoss);
      }
    },
  };
}

/**
 * Creates the reader of NDJSON: one element per line, blank lines are skipped. It cannot detect that a stream was cut off
 * between two lines. Raises RESOURCE_EXHAUSTED for a line of more than `maxBytes`.
 */
export function createJsonLines(maxBytes: number): JsonElements {
  const line = createElementBuffer(maxBytes);
  return {
    *push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
        const bytes = line.take(chunk.subarray(start, end));
        start = end + 1;
        if (!bytes.every(isBlank)) {
          yield bytes;
        }
      }
      line.add(chunk.subarray(start));
    },
    *end() {
      const bytes = line.take(new Uint8Array(0));
      if (!bytes.every(isBlank)) {
        yield bytes;
      }
    },
  };
}

/** Stores the beginning of an element until the rest arrives. Grows by doubling, so that adding single bytes is linear. */
function createElementBuffer(maxBytes: number) {
  let held = new Uint8Array(0);
  let length = 0;

  const check = (more: number) => {
    if (length + more > maxBytes) {
      throw new ConnectError(`a message of the response exceeds ${maxBytes} bytes`, Code.ResourceExhausted);
    }
  };

  return {
    add(bytes: Uint8Array): void {
      check(bytes.length);
      if (length + bytes.length > held.length) {
        const larger = new Uint8Array(Math.max(length + bytes.length, held.length * 2, 256));
        larger.set(held.subarray(0, length));
        held = larger;
      }
      held.set(bytes, length);
      length += bytes.length;
    },
    /** Returns the whole element: the stored beginning and `rest`. Valid until the next call. */
    take(rest: Uint8Array): Uint8Array {
      if (length === 0) {
        check(rest.length);
        return rest;
      }
      this.add(rest);
      const taken = held.subarray(0, length);
      length = 0;
      return taken;
    },
  };
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === newline || byte === 0x0d || byte === 0x09;
}

function notAnArray(): ConnectError {
  return new ConnectError("the response is not a JSON array", Code.Internal);
}
