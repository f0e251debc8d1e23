import { setTimeout } from "node:timers/promises";
import type { DescFile, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import { ServerReflection, type ServerReflectionRequest } from "#deps/grpc/reflection/v1/reflection_pb.js";
import {
  ServerReflection as ServerReflectionAlpha,
  type ServerReflectionRequest as ServerReflectionRequestAlpha,
} from "#deps/grpc/reflection/v1alpha/reflection_pb.js";
import { createReflectionAnswers, type ReflectionAnswer } from "./answers.ts";
import { createFileIndex, type FileIndex } from "./file-index.ts";

type ReflectionOptions = {
  /** Services to list besides reflection itself. */
  services: readonly DescService[];
  /** Files that no service imports, such as those of error details. */
  files?: readonly DescFile[];
  /** Aborted when the server starts to shut down; ends running streams. */
  stopping: AbortSignal;
  /** Time without a question after which a stream ends, in ms. Defaults to 60,000. */
  idleMs?: number;
};

/** Largest question, in decompressed bytes. */
const maxQuestionBytes = 16 * 1024;

/** Most questions of a stream: few bytes ask a question, and its answer costs much more. */
const maxQuestions = 1_000;

/** Both versions of the service. Many tools try v1 first and fall back to v1alpha. */
export const reflectionServices: readonly DescService[] = [ServerReflection, ServerReflectionAlpha];

/**
 * Returns the function that registers gRPC server reflection (https://grpc.io/docs/guides/reflection/), v1 and v1alpha.
 */
export function createReflectionRoutes(options: ReflectionOptions): (router: ConnectRouter) => void {
  const { stopping, idleMs = 60_000 } = options;
  const all = [...options.services, ...reflectionServices];
  const services = all.map(({ typeName }) => typeName).sort();
  // Created on first use, because most servers are never asked.
  let index: FileIndex | undefined;

  async function* converse<Request extends ServerReflectionRequest | ServerReflectionRequestAlpha>(
    requests: AsyncIterable<Request>,
    { signal }: Pick<HandlerContext, "signal">,
  ): AsyncGenerator<{ validHost: string; originalRequest: Request; messageResponse: ReflectionAnswer }> {
    index ??= createFileIndex([...all.map(({ file }) => file), ...(options.files ?? [])]);
    const answer = createReflectionAnswers(index, services);
    let questions = 0;
    for await (const request of untilIdle(requests, AbortSignal.any([signal, stopping]), idleMs)) {
      questions += 1;
      if (questions > maxQuestions) {
        throw new ConnectError(
          `a reflection stream must have at most ${maxQuestions} questions; ask further ones in a new stream`,
          Code.ResourceExhausted,
        );
      }
      yield {
        validHost: request.host,
        originalRequest: request,
        messageResponse: answer(request.messageRequest),
      };
    }
  }

  const limits = {
    // Never compressed: anyone can ask for the same files again and again.
    compressMinBytes: Number.POSITIVE_INFINITY,
    // Answers contain the question, and a question has one name.
    readMaxBytes: maxQuestionBytes,
    binaryOptions: { readUnknownFields: false },
  };
  return (router) => {
    router.service(ServerReflection, { serverReflectionInfo: converse<ServerReflectionRequest> }, limits);
    router.service(
      ServerReflectionAlpha,
      { serverReflectionInfo: converse<ServerReflectionRequestAlpha> },
      limits,
    );
  };
}

/** Yields items until the signal aborts or none arrives for `idleMs`; then ends without an error. */
async function* untilIdle<Item>(
  items: AsyncIterable<Item>,
  signal: AbortSignal,
  idleMs: number,
): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]();
  while (!signal.aborted) {
    const arrived = new AbortController();
    const idle = setTimeout(idleMs, undefined, {
      signal: AbortSignal.any([signal, arrived.signal]),
      ref: false,
    }).catch(() => undefined);
    const next = await Promise.race([iterator.next(), idle]).finally(() => arrived.abort());
    if (next === undefined || next.done) {
      return;
    }
    yield next.value;
  }
}
