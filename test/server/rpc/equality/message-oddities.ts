import { gzipSync } from "node:zlib";
import { type Base, encodingHeadersOf, isFramed, isGet, type Oddity, setHeader, setQuery } from "./draft.ts";
import { readMaxBytes } from "./stacks.ts";

const isJson = (base: Base) => base.codec === "json";
const isBinary = (base: Base) => base.codec === "proto";
const hasBody = (base: Base) => !isGet(base);
const isCompressed = (base: Base) => base.encoding !== undefined;

/** Returns JSON with a member before all others. */
function withMember(json: Buffer, member: string): Buffer {
  const [, rest = "}"] = /^\{(.*)$/s.exec(json.toString()) ?? [];
  return Buffer.from(`{${member}${rest === "}" ? "" : ","}${rest}`);
}

/** Malformed messages, and unusual ones. */
const messages: readonly Oddity[] = [
  {
    name: "empty message",
    step: "message",
    edit(draft) {
      draft.message = Buffer.alloc(0);
    },
  },
  {
    name: "JSON that does not parse",
    step: "message",
    appliesTo: isJson,
    edit(draft, pick) {
      const text = draft.message.toString();
      draft.message = Buffer.from(
        pick([text.slice(0, -1), `${text}x`, "{", "x", "{'a':1}", `${text},`, '{"padding":01}', " ", "\0"]),
      );
    },
  },
  {
    name: "JSON that is no object",
    step: "message",
    appliesTo: isJson,
    edit(draft, pick) {
      draft.message = Buffer.from(pick(["null", "1", '"x"', "[]", "true", "[{}]"]));
    },
  },
  {
    name: "JSON that is not UTF-8",
    step: "message",
    appliesTo: isJson,
    edit(draft, pick) {
      const bytes = pick(["ff", "c3", "eda080", "f5808080"]);
      draft.message = Buffer.concat([
        Buffer.from('{"responseHeaders":[{"name":"x-bytes","value":"'),
        Buffer.from(bytes, "hex"),
        Buffer.from('"}]}'),
      ]);
    },
  },
  {
    name: "JSON with a byte order mark",
    step: "message",
    appliesTo: isJson,
    edit(draft) {
      draft.message = Buffer.concat([Buffer.from("efbbbf", "hex"), draft.message]);
    },
  },
  {
    name: "JSON with white space",
    step: "message",
    appliesTo: isJson,
    edit(draft, pick) {
      draft.message = Buffer.from(`${pick([" ", "\n", "\r\n\t"])}${draft.message}${pick(["", " \n"])}`);
    },
  },
  {
    name: "unknown JSON field",
    step: "message",
    appliesTo: isJson,
    edit(draft, pick) {
      draft.message = withMember(
        draft.message,
        pick(['"unknown":1', '"response_header":[]', '"x":{"y":[{}]}']),
      );
    },
  },
  {
    name: "JSON field of the wrong type",
    step: "message",
    appliesTo: isJson,
    edit(draft, pick) {
      draft.message = Buffer.from(
        pick([
          '{"padding":"x"}',
          '{"padding":1.5}',
          '{"padding":2147483648}',
          '{"sample":{"bool":"true"}}',
          '{"sample":{"color":"PINK!"}}',
          '{"sample":{"bytes":"*"}}',
          '{"sample":{"time":"yesterday"}}',
          '{"sample":{"int64":"9223372036854775808"}}',
          '{"responseHeaders":{}}',
          '{"responseHeaders":[null]}',
          '{"sample":[]}',
          '{"failure":"x"}',
        ]),
      );
    },
  },
  {
    name: "duplicate JSON key",
    step: "message",
    appliesTo: isJson,
    edit(draft, pick) {
      draft.message = Buffer.from(
        pick(['{"padding":1,"padding":2}', '{"responseHeaders":[],"response_headers":[]}']),
      );
    },
  },
  {
    name: "JSON value that would change",
    step: "message",
    appliesTo: isJson,
    edit(draft, pick) {
      draft.message = Buffer.from(
        pick(['{"sample":{"time":"2026-02-30T00:00:00Z"}}', '{"sample":{"string":"\\ud800"}}']),
      );
    },
  },
  {
    name: "other spelling of valid JSON",
    step: "message",
    appliesTo: isJson,
    edit(draft, pick) {
      draft.message = Buffer.from(
        pick([
          '{"padding":"3","returns_at_once":true}',
          '{"padding":3.0,"sample":null}',
          '{"padding":3e0}',
          '{"sample":{"int64":12,"int64_list":[1,"2"],"color":2}}',
          '{"sample":{"bytes":"-_8","float":"Infinity","double":"-Infinity","optionalInt32":0}}',
          '{"sample":{"boolWrapper":null,"value":null,"struct":{"a":[null,1e3]}}}',
          '{"sample":{"time":"2026-01-31T08:00:00+01:00","duration":"1.5s","mask":"a,bC"}}',
        ]),
      );
    },
  },
  {
    name: "binary that does not parse",
    step: "message",
    appliesTo: isBinary,
    edit(draft, pick) {
      draft.message = Buffer.from(
        // Cut off; a length beyond the end; field 0; wire type 7; a group that does not end; an endless varint.
        pick(["1081", "0a05", "0001", "0f", "0b", "10ffffffffffffffffffff01", "ff"]),
        "hex",
      );
    },
  },
  {
    name: "unknown binary field",
    step: "message",
    appliesTo: isBinary,
    edit(draft, pick) {
      const field = Buffer.from(pick(["c03e01", "c23e026869", "c33ec43e", "c53e01020304"]), "hex");
      draft.message = Buffer.concat([field, draft.message]);
    },
  },
  {
    name: "binary field of the wrong wire type",
    step: "message",
    appliesTo: isBinary,
    edit(draft, pick) {
      draft.message = Buffer.from(pick(["0801", "120178", "1d01020304"]), "hex");
    },
  },
  {
    name: "binary text that is not UTF-8",
    step: "message",
    appliesTo: isBinary,
    edit(draft) {
      // sample.string
      draft.message = Buffer.from("0a0372" + "01ff", "hex");
    },
  },
  {
    name: "binary fields in another order",
    step: "message",
    appliesTo: isBinary,
    edit(draft) {
      // Each twice: the last one counts, and messages are merged.
      draft.message = Buffer.from("3801" + "1002" + "0a020801" + "1003" + "0a021002", "hex");
    },
  },
  {
    name: "message that is too large",
    step: "message",
    // A target as long is an HTTP error.
    appliesTo: hasBody,
    edit(draft, pick) {
      const size = readMaxBytes + pick([1, 2, 1_000]);
      draft.message =
        draft.base.codec === "json"
          ? Buffer.from(`{}${" ".repeat(size - 2)}`)
          : Buffer.concat([Buffer.from("c23e", "hex"), varint(size - 5), Buffer.alloc(size - 5)]);
    },
  },
  {
    name: "message of the greatest size",
    step: "message",
    appliesTo: (base) => isJson(base) && hasBody(base),
    edit(draft) {
      draft.message = Buffer.from(`{}${" ".repeat(readMaxBytes - 2)}`);
    },
  },
];

/** Of three bytes. */
function varint(value: number): Buffer {
  return Buffer.from([(value & 127) | 128, ((value >> 7) & 127) | 128, value >> 14]);
}

/** Wrong compression. */
const compressions: readonly Oddity[] = [
  {
    name: "falsely compressed",
    step: "content",
    appliesTo: isCompressed,
    edit(draft, pick) {
      const [frame] = draft.frames;
      if (frame !== undefined) {
        const cut = frame.content.subarray(0, frame.content.length >> 1);
        frame.content = pick([draft.message, cut, Buffer.from("nothing"), Buffer.alloc(0)]);
      }
    },
  },
  {
    name: "garbage after what is compressed",
    step: "content",
    appliesTo: isCompressed,
    edit(draft) {
      for (const frame of draft.frames) {
        frame.content = Buffer.concat([frame.content, Buffer.from("garbage")]);
      }
    },
  },
  {
    name: "two members of gzip",
    step: "content",
    appliesTo: (base) => base.encoding === "gzip" && base.codec === "proto",
    edit(draft) {
      for (const frame of draft.frames) {
        frame.content = Buffer.concat([gzipSync(draft.message), gzipSync(Buffer.from("1005", "hex"))]);
      }
    },
  },
  {
    name: "compression bomb",
    step: "content",
    appliesTo: (base) => base.encoding === "gzip",
    edit(draft) {
      for (const frame of draft.frames) {
        frame.content = gzipSync(Buffer.alloc(readMaxBytes * 20, " "));
      }
    },
  },
  {
    name: "unknown encoding",
    step: "head",
    edit(draft, pick) {
      const name = pick(["zstd", "deflate", "GZIP", "gzip, br", "x", "gzip;q=1"]);
      if (isGet(draft.base)) {
        setQuery(draft, "compression", name);
      } else {
        setHeader(draft, encodingHeadersOf(draft.base.protocol).encoding, name);
      }
    },
  },
  {
    name: "empty encoding",
    step: "head",
    appliesTo: (base) => !isCompressed(base),
    edit(draft) {
      if (isGet(draft.base)) {
        setQuery(draft, "compression", "");
      } else {
        setHeader(draft, encodingHeadersOf(draft.base.protocol).encoding, "");
      }
    },
  },
  {
    name: "identity",
    step: "head",
    appliesTo: (base) => !isCompressed(base),
    edit(draft) {
      if (isGet(draft.base)) {
        setQuery(draft, "compression", "identity");
      } else {
        setHeader(draft, encodingHeadersOf(draft.base.protocol).encoding, "identity");
      }
    },
  },
  {
    name: "frame that is not compressed, though the header names an encoding",
    step: "content",
    appliesTo: (base) => isFramed(base) && isCompressed(base),
    edit(draft) {
      draft.frames = [{ flags: 0, content: draft.message }];
    },
  },
  {
    name: "compressed frame without a header",
    step: "head",
    appliesTo: (base) => isFramed(base) && isCompressed(base),
    edit(draft) {
      draft.headers = draft.headers.filter(([name]) => name !== "grpc-encoding");
    },
  },
];

/** Malformed frames. */
const frames: readonly Oddity[] = [
  {
    name: "body that ends within a frame",
    step: "head",
    appliesTo: isFramed,
    edit(draft, pick) {
      const { length } = draft.body;
      const ends = [1, 3, 4, 5, 6, length - 1].filter((end) => end < length);
      draft.body = draft.body.subarray(0, pick(ends));
    },
  },
  {
    name: "no message",
    step: "content",
    appliesTo: isFramed,
    edit(draft) {
      draft.frames = [];
    },
  },
  {
    name: "several messages",
    step: "content",
    appliesTo: isFramed,
    edit(draft, pick) {
      draft.frames = [...draft.frames, ...draft.frames, ...pick([[], draft.frames])];
    },
  },
  {
    name: "unknown flags",
    step: "content",
    appliesTo: isFramed,
    edit(draft, pick) {
      const flags = pick([2, 3, 4, 0x10, 0x40, 0xfe]);
      draft.frames = draft.frames.map((frame) => ({ ...frame, flags }));
    },
  },
  {
    name: "flag of a frame of trailers",
    step: "content",
    appliesTo: isFramed,
    edit(draft, pick) {
      const end = { flags: pick([0x80, 0x81]), content: Buffer.from(pick(["", "x-trailer: a\r\n"])) };
      draft.frames = pick([
        [...draft.frames, end],
        [end],
        [...draft.frames, end, end],
        [end, ...draft.frames],
      ]);
    },
  },
  {
    name: "frame that claims to be too large",
    step: "content",
    appliesTo: isFramed,
    edit(draft, pick) {
      draft.frames = draft.frames.map((frame) => ({
        ...frame,
        length: pick([readMaxBytes + 1, 0x7fffffff, 0xffffffff]),
      }));
    },
  },
];

/** What may be odd about the body of a request, or about the message in a query. Of each group, one at most is. */
export const messageOddities: readonly (readonly Oddity[])[] = [messages, compressions, frames];
