import {
  type FieldViolation,
  maxViolations,
  moreViolations,
  quoteName,
} from "../../contract/field-violation.ts";

/** Why a request or document was rejected. */
export type Rejection = {
  readonly violations: readonly FieldViolation[];
  /** Set if the input is not malformed, but has lists that are too long. */
  readonly reason?: "FIELD_INVALID";
};

/** Collects violations. Once it is full, readers stop, so that a malicious body costs no more than a valid one. */
export type ViolationList = {
  readonly found: readonly FieldViolation[];
  readonly isFull: boolean;
  /** Adds a violation and returns undefined. The field "" is the whole body. Descriptions never quote the value. */
  add(field: string, description: string): undefined;
  /** Adds the violation of a list that has too many items; its items are not read. */
  addLongList(field: string, description: string): undefined;
  /** Returns the rejection, or undefined if there are no violations. */
  rejection(): Rejection | undefined;
};

export function createViolationList(): ViolationList {
  const found: FieldViolation[] = [];
  let isMalformed = false;
  const push = (field: string, description: string): undefined => {
    if (found.length < maxViolations) {
      found.push({ field: field === "" ? "body" : field, description });
    } else {
      found[maxViolations - 1] = moreViolations;
    }
  };
  return {
    found,
    get isFull() {
      return found.at(-1) === moreViolations;
    },
    add(field, description) {
      isMalformed = true;
      return push(field, description);
    },
    addLongList: push,
    rejection() {
      return found.length === 0
        ? undefined
        : { violations: found, ...(!isMalformed && { reason: "FIELD_INVALID" }) };
    },
  };
}

/** Returns a name from the request for display: at most 64 characters, quoted unless it is a plain word. */
export function shownName(name: string): string {
  return /^\w{1,64}$/.test(name) ? name : quoteName(name);
}
