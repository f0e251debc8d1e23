import type { DescFile, DescService } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { ServerReflection, type ServerReflectionRequest } from "#deps/grpc/reflection/v1/reflection_pb.js";
import {
  ServerReflection as ServerReflectionAlpha,
  type ServerReflectionRequest as ServerReflectionRequestAlpha,
} from "#deps/grpc/reflection/v1alpha/reflection_pb.js";
import { createReflectionAnswers, type ReflectionAnswer } from "./answers.ts";
import { createFileIndex, type FileIndex } from "./file-index.ts";

export type ReflectionOptions = {
  /** The services that are listed, beside reflection itself. */
  services: readonly DescService[];
  /** Files that no service imports, such as those with the types of error details. */
  files?: readonly DescFile[];
  /** Aborted when the server begins to stop: running streams are then ended. */
  stopping: AbortSignal;
  /** How long a stream may ask nothing before it is ended, in ms. Defaults to 60,000. */
  idleMs?: number;
};

/** Both versions of the service. Tools ask for the first, and many for the other if they do not get it. */
export const reflectionServices: readonly DescService[] = [ServerReflection, ServerReflectionAlpha];

/**
 * Returns the function that registers gRPC server reflection (https://grpc.io/docs/guides/reflection/), v1 and v1alpha:
 * it tells any client the services, and the files that declare them with all that they import.
 */
export function createReflectionRoutes(options: ReflectionOptions): (router: ConnectRouter) => void {
  const { stopping, idleMs = 60_000 } = options;
  const all = [...options.services, ...reflectionServices];
  const services = all.map(({ typeName }) => typeName).sort();
  // Made when somebody asks: most servers run without anybody who does.
  let index: FileIndex | undefined;

  async function* converse<Request extends ServerReflectionRequest | ServerReflectionRequestAlpha>(
    requests: AsyncIterable<Request>,
    { signal }: Pick<HandlerContext, "signal">,
  ): AsyncGenerator<{ validHost: string; originalRequest: Request; messageResponse: ReflectionAnswer }> {
    index ??= createFileIndex([...all.map(({ file }) => file), ...(options.files ?? [])]);
    const answer = createReflectionAnswers({ index, services });
    for await (const request of whileBusy(requests, AbortSignal.any([signal, stopping]), idleMs)) {
      yield {
        validHost: request.host,
        originalRequest: request,
        messageResponse: answer(request.messageRequest),
      };
    }
  }

  return (router) => {
    router.service(ServerReflection, { serverReflectionInfo: converse<ServerReflectionRequest> });
    router.service(ServerReflectionAlpha, { serverReflectionInfo: converse<ServerReflectionRequestAlpha> });
  };
}

/** Passes on what comes until the signal aborts, or nothing comes for so many milliseconds. Ends without an error. */
async function* whileBusy<Item>(
  items: AsyncIterable<Item>,
  signal: AbortSignal,
  idleMs: number,
): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]();
  while (!signal.aborted) {
    const next = await unlessQuiet(iterator.next(), signal, idleMs);
    if (next === undefined || next.done) {
      return;
    }
    yield next.value;
  }
}

/** Resolves as the promise does, or with undefined if the signal aborts or the time passes before. */
function unlessQuiet<Value>(
  promise: Promise<Value>,
  signal: AbortSignal,
  ms: number,
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const giveUp = () => resolve(undefined);
    const timer = setTimeout(giveUp, ms).unref();
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) {
      giveUp();
    }
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    });
  });
}
