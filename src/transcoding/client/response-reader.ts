import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { readErrorBody } from "../http/error-body.ts";
import { createJsonArrayElements, createJsonLines } from "../json/elements.ts";
import type { AnswerReader } from "./answer-reader.ts";

/** Longest error body that is read: what comes after it would not be shown to anybody. In bytes. */
const longestError = 1024 * 1024;

/** Reads the message of a unary response. Raises RESOURCE_EXHAUSTED for more than `maxBytes`, INTERNAL for nonsense. */
export async function readMessage(
  response: Response,
  reader: AnswerReader,
  maxBytes: number,
): Promise<Message> {
  const bytes = await readWhole(response, maxBytes);
  if (reader.kind === "raw") {
    return reader.read(bytes, contentTypeOf(response));
  }
  const empty = bytes.length === 0 ? reader.empty() : undefined;
  return empty ?? reader.read(bytes);
}

/**
 * Yields the messages of a server stream, each as soon as its last byte is there: the elements of a JSON array, lines
 * if the response is NDJSON, or the chunks of an HttpBody as they arrive. `maxBytes` bounds each message.
 *
 * Ends with the error that stands in place of the last message, if one does; with DATA_LOSS if the array is cut off
 * while the response ends in order, for then what is missing was never sent; with what {@link readMessage} raises.
 */
export async function* readMessages(
  response: Response,
  reader: AnswerReader,
  maxBytes: number,
): AsyncGenerator<Message> {
  if (reader.kind === "raw") {
    const contentType = contentTypeOf(response);
    for await (const chunk of chunksOf(response)) {
      for (let start = 0; start < chunk.length; start += maxBytes) {
        yield reader.read(chunk.slice(start, start + maxBytes), contentType);
      }
    }
    return;
  }
  if (response.status === 204) {
    return;
  }
  const elements = isLines(contentTypeOf(response))
    ? createJsonLines(maxBytes)
    : createJsonArrayElements(maxBytes);
  // The response itself was 200; an error that names no code has no other to go by.
  const errorOf = (text: string) => readErrorBody(text, response.status, response.headers);
  for await (const chunk of chunksOf(response)) {
    for (const bytes of elements.push(chunk)) {
      yield reader.readElement(bytes, errorOf);
    }
  }
  for (const bytes of elements.end()) {
    yield reader.readElement(bytes, errorOf);
  }
}

/** Reads the error that a response is whose status says so, whatever its body. */
export async function readError(response: Response): Promise<ConnectError> {
  let body = "";
  try {
    body = new TextDecoder().decode(await readWhole(response, longestError));
  } catch {
    // The status is known, which is more than "the body broke off".
  }
  return readErrorBody(body, response.status, response.headers);
}

async function readWhole(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunksOf(response)) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new ConnectError(`the response exceeds ${maxBytes} bytes`, Code.ResourceExhausted);
    }
    chunks.push(chunk);
  }
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) {
    return only;
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** The body's chunks, after decompression. By a reader: not every browser can iterate over a stream. */
async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) {
    return;
  }
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      yield value;
    }
  } finally {
    // Whoever leaves early wants no more of it; after the end this does nothing.
    reader.cancel().catch(() => {});
  }
}

function contentTypeOf(response: Response): string {
  return response.headers.get("content-type") ?? "";
}

const lineTypes: ReadonlySet<string> = new Set([
  "application/x-ndjson",
  "application/ndjson",
  "application/jsonl",
  "application/x-jsonlines",
]);

function isLines(contentType: string): boolean {
  return lineTypes.has((contentType.split(";")[0] ?? "").trim().toLowerCase());
}
