import { Code, ConnectError } from "@connectrpc/connect";

/** Finds the JSON texts of a stream as its bytes arrive, so that it can be read before it ends. */
export type JsonElements = {
  /** Takes the next bytes and yields the elements that they complete, each as UTF-8 of its own. */
  push(chunk: Uint8Array): Generator<Uint8Array>;
  /** Says that nothing more comes; yields what only the end completes. */
  end(): Generator<Uint8Array>;
};

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const newline = 0x0a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Creates the finder for a JSON array. It follows strings and brackets only: whether an element is JSON, its parser
 * finds out. Bytes suffice for that: in UTF-8 no part of a longer character looks like ASCII.
 *
 * Raises INTERNAL for what is no array, DATA_LOSS if it ends early, RESOURCE_EXHAUSTED for an element of more than
 * `maxBytes`; elements before that have been yielded.
 */
export function createJsonArrayElements(maxBytes: number): JsonElements {
  const element = createElementBuffer(maxBytes);
  let state: "before" | "first" | "next" | "inside" | "behind" | "after" = "before";
  let depth = 0;
  let inString = false;
  let escaped = false;

  /** Follows a byte of an element; returns whether it belongs to the array instead, and ends the element. */
  function endsElement(byte: number): boolean {
    if (inString) {
      if (escaped) {
        escaped = false;
      } else if (byte === backslash) {
        escaped = true;
      } else if (byte === quote) {
        inString = false;
      }
      return false;
    }
    switch (byte) {
      case quote:
        inString = true;
        return false;
      case openBrace:
      case openBracket:
        depth += 1;
        return false;
      case comma:
        return depth === 0;
      case closeBracket:
      case closeBrace:
        if (depth === 0 && byte === closeBrace) {
          throw noArray();
        }
        depth -= 1;
        return depth < 0;
      default:
        return false;
    }
  }

  /** Handles a byte outside of elements; returns whether an element begins with it. */
  function begins(byte: number): boolean {
    if (state === "before" && byte === openBracket) {
      state = "first";
    } else if ((state === "first" || state === "behind") && byte === closeBracket) {
      state = "after";
    } else if (state === "behind" && byte === comma) {
      state = "next";
    } else if ((state === "first" || state === "next") && byte !== comma && byte !== closeBracket) {
      return true;
    } else {
      throw noArray();
    }
    return false;
  }

  return {
    *push(chunk) {
      let start = 0;
      for (let at = 0; at < chunk.length; at++) {
        const byte = chunk[at] as number;
        if (state === "inside") {
          if (!endsElement(byte)) {
            continue;
          }
          const bytes = element.take(chunk.subarray(start, at));
          depth = 0;
          state = "behind";
          yield bytes;
        }
        if (!isBlank(byte) && begins(byte)) {
          state = "inside";
          start = at;
          endsElement(byte);
        }
      }
      if (state === "inside") {
        element.add(chunk.subarray(start));
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
 * Creates the finder for one element a line (NDJSON); blank lines are none. It cannot tell a stream that was cut
 * between two lines from a whole one. Raises RESOURCE_EXHAUSTED for a line of more than `maxBytes`.
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

/** Keeps the beginning of an element until the rest comes. It grows by doubling: one byte at a time is linear. */
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
    /** Returns what was held and the rest of the element, which is valid until the next call. */
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

function noArray(): ConnectError {
  return new ConnectError("the response is no JSON array", Code.Internal);
}
