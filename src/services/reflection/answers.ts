import type { DescFile } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ServerReflectionRequest } from "#deps/grpc/reflection/v1/reflection_pb.js";
import type { ServerReflectionRequest as ServerReflectionRequestAlpha } from "#deps/grpc/reflection/v1alpha/reflection_pb.js";
import type { FileIndex } from "./file-index.ts";

/** A question; both versions of the protocol differ only in type names. */
type ReflectionQuestion = (ServerReflectionRequest | ServerReflectionRequestAlpha)["messageRequest"];

/** An answer; the same in both versions of the protocol. */
export type ReflectionAnswer =
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: "allExtensionNumbersResponse"; value: { baseTypeName: string; extensionNumber: number[] } }
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

/**
 * Creates the function that answers the questions of one stream. It lists `services` in their order, and sends each
 * imported file once per stream, but the
 * requested file every time, because clients look for it in the answer. Throws INVALID_ARGUMENT for an empty or unknown
 * question; "not found" is an answer.
 */
export function createReflectionAnswers(
  index: FileIndex,
  services: readonly string[],
): (question: ReflectionQuestion) => ReflectionAnswer {
  const sent = new Set<DescFile>();

  /** Returns a file and those of its imports that the stream has not sent yet, importing files first. */
  function withImports(asked: DescFile): Uint8Array[] {
    sent.add(asked);
    const files = [asked];
    const seen = new Set(files);
    for (const file of seen) {
      for (const dependency of file.dependencies) {
        seen.add(dependency);
        if (!sent.has(dependency)) {
          sent.add(dependency);
          files.push(dependency);
        }
      }
    }
    return files.map((file) => index.binary(file));
  }

  function fileAnswer(file: DescFile | undefined, asked: string): ReflectionAnswer {
    return file === undefined
      ? notFound(asked)
      : { case: "fileDescriptorResponse", value: { fileDescriptorProto: withImports(file) } };
  }

  return function answer(question) {
    switch (question.case) {
      case "fileByFilename":
        return fileAnswer(index.named(question.value), `the file ${question.value}`);
      case "fileContainingSymbol":
        return fileAnswer(index.declaring(question.value), `the symbol ${question.value}`);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = question.value;
        const file = index.extending(containingType, extensionNumber);
        return fileAnswer(file, `the extension ${extensionNumber} of ${containingType}`);
      }
      case "allExtensionNumbersOfType": {
        const numbers = index.extensionNumbers(question.value);
        return numbers === undefined
          ? notFound(`the message ${question.value}`)
          : {
              case: "allExtensionNumbersResponse",
              value: { baseTypeName: question.value, extensionNumber: [...numbers] },
            };
      }
      case "listServices":
        return { case: "listServicesResponse", value: { service: services.map((name) => ({ name })) } };
      default:
        throw new ConnectError(
          "message_request: value is required, and must be one of the reflection protocol",
          Code.InvalidArgument,
        );
    }
  };
}

function notFound(what: string): ReflectionAnswer {
  return {
    case: "errorResponse",
    value: { errorCode: Code.NotFound, errorMessage: `${what} does not exist on this server` },
  };
}
