export { callOfJournal } from "./call-of-journal.ts";

import { curlSnippet } from "./curl.ts";
import { grpcurlSnippet } from "./grpcurl.ts";
import { pythonSnippet } from "./python.ts";
import type { RepeatableCall, Snippet } from "./repeatable-call.ts";
import { typescriptSnippet } from "./typescript.ts";

/** The languages of snippets, in the order in which they are shown. */
export const snippetWriters = [
  { id: "curl", label: "curl", write: curlSnippet },
  { id: "grpcurl", label: "grpcurl", write: grpcurlSnippet },
  { id: "typescript", label: "TypeScript", write: typescriptSnippet },
  { id: "python", label: "Python", write: pythonSnippet },
] as const satisfies readonly { id: string; label: string; write: (call: RepeatableCall) => Snippet }[];
