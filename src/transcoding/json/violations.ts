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
  return new Violations();
}

/** A class, because each request has two of them and nearly all are empty: closures and a getter would take 0.3 µs. */
class Violations implements ViolationList {
  readonly found: FieldViolation[] = [];
  isFull = false;
  #isMalformed = false;

  add(field: string, description: string): undefined {
    this.#isMalformed = true;
    this.addLongList(field, description);
  }

  addLongList(field: string, description: string): undefined {
    if (this.found.length < maxViolations) {
      this.found.push({ field: field === "" ? "body" : field, description });
    } else {
      this.found[maxViolations - 1] = moreViolations;
      this.isFull = true;
    }
  }

  rejection(): Rejection | undefined {
    return this.found.length === 0
      ? undefined
      : { violations: this.found, ...(!this.#isMalformed && { reason: "FIELD_INVALID" }) };
  }
}

/** Returns a name from the request for display: at most 64 characters, quoted unless it is a plain word. */
export function shownName(name: string): string {
  return /^\w{1,64}$/.test(name) ? name : quoteName(name);
}
