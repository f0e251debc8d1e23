import type { Message, Registry } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { readErrorBody } from "../http/error-body.ts";
import { createJsonArrayElements, createJsonLines } from "../json/elements.ts";
import type { MessageParser } from "./message-parser.ts";
import { chunksOf } from "./read-ahead.ts";

/** Longest error body that is read, in bytes. */
const maxErrorBytes = 1024 * 1024;

/** Reads the message of a unary response. Raises RESOURCE_EXHAUSTED above `maxBytes`, INTERNAL for invalid content. */
export async function readMessage(
  response: Response,
  parser: MessageParser,
  maxBytes: number,
): Promise<Message> {
  const bytes = await readWhole(response, maxBytes);
  if (parser.kind === "raw") {
    return parser.parse(bytes, contentTypeOf(response));
  }
  const empty = bytes.length === 0 ? parser.empty() : undefined;
  return empty ?? parser.parse(bytes);
}

/**
 * Yields the messages of a server stream as soon as their last byte has arrived: elements of a JSON array, lines of
 * NDJSON, or chunks of an HttpBody. `maxBytes` bounds each message.
 *
 * Raises the error that the server sent in place of a message; DATA_LOSS if the array is cut off; and the errors of
 * {@link readMessage}.
 */
export async function* readMessages(
  response: Response,
  parser: MessageParser,
  maxBytes: number,
  registry: Registry,
): AsyncGenerator<Message> {
  if (parser.kind === "raw") {
    const contentType = contentTypeOf(response);
    for await (const chunk of chunksOf(response, maxBytes)) {
      for (let start = 0; start < chunk.length; start += maxBytes) {
        yield parser.parse(chunk.slice(start, start + maxBytes), contentType);
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
  // The HTTP status, here 200, is the only code of an error that names none.
  const errorOf = (text: string) => readErrorBody(text, response.status, response.headers, registry);
  for await (const chunk of chunksOf(response, maxBytes)) {
    for (const bytes of elements.push(chunk)) {
      yield parser.parseElement(bytes, errorOf);
    }
  }
  for (const bytes of elements.end()) {
    yield parser.parseElement(bytes, errorOf);
  }
}

/** Reads the error of a response whose status is not 2xx. `registry`: types of its details. */
export async function readError(response: Response, registry: Registry): Promise<ConnectError> {
  let body = "";
  try {
    body = new TextDecoder().decode(await readWhole(response, maxErrorBytes));
  } catch {
    // The status says more than a broken connection.
  }
  return readErrorBody(body, response.status, response.headers, registry);
}

async function readWhole(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunksOf(response, maxBytes)) {
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
