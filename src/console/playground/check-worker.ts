import type { Draft } from "../ui/push-draft.ts";
import { checkDraft } from "./check-draft.ts";

// Checks drafts beside the page, so that the rules of the contract never delay what somebody types.
addEventListener("message", ({ data }: MessageEvent<{ draft: Draft; nowMs: number }>) => {
  postMessage(checkDraft(data.draft, data.nowMs));
});
