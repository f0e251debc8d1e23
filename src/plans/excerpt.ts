import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import type { FieldViolation } from "../contract/field-violation.ts";
import { type Acceptance, acceptsNothing, compileAcceptance } from "./acceptance.ts";
import { listLimitOf } from "./list-limits.ts";

/** A part of a message that is worth validating. */
export type Excerpt = {
  readonly message: Message;
  /** The lists that are too long, which are empty in the excerpt. */
  readonly longLists: readonly FieldViolation[];
  /** Whether items were left out because enough invalid ones precede them. */
  readonly isCut: boolean;
};

/**
 * Returns a message without the lists that are too long, and whose other lists end after `mostInvalid` invalid messages:
 * Protovalidate lists every violation of every item, however many there are, so that it gets only as many as are shown.
 * No rule that the acceptance knows is broken because a list is shorter.
 */
export type Excerpts = (message: Message, mostInvalid: number) => Excerpt;

type Fields = Record<string, unknown>;
type State = { left: number; isCut: boolean; readonly longLists: FieldViolation[] };
type Cut = (message: Message, path: string, state: State) => Message;

/** Compiles the excerpts of a message type. */
export function compileExcerpts(desc: DescMessage): Excerpts {
  const cut = compileCut(desc, new Map());
  return function excerptOf(message, mostInvalid) {
    const state: State = { left: mostInvalid, isCut: false, longLists: [] };
    const excerpt = cut(message, "", state);
    return { message: excerpt, longLists: state.longLists, isCut: state.isCut };
  };
}

function compileCut(desc: DescMessage, known: Map<DescMessage, Cut>): Cut {
  const earlier = known.get(desc);
  if (earlier !== undefined) {
    return earlier;
  }
  const cuts: ((fields: Fields, path: string, state: State) => void)[] = [];
  const cut: Cut = function cutMessage(message, path, state) {
    const copy = Object.create(Object.getPrototypeOf(message), Object.getOwnPropertyDescriptors(message));
    for (const each of cuts) {
      each(copy, path, state);
    }
    return copy;
  };
  known.set(desc, cut);
  for (const field of desc.fields) {
    // Members of oneofs and maps stay whole: the contract has no lists in them.
    if (field.fieldKind === "list") {
      cuts.push(compileListCut(field, known));
    } else if (field.fieldKind === "message" && field.oneof === undefined) {
      const inner = compileCut(field.message, known);
      cuts.push((fields, path, state) => {
        const value = fields[field.localName] as Message | undefined;
        if (value !== undefined) {
          fields[field.localName] = inner(value, `${path}.${field.jsonName}`, state);
        }
      });
    }
  }
  return cut;
}

function compileListCut(field: DescField & { fieldKind: "list" }, known: Map<DescMessage, Cut>) {
  const { most, description } = listLimitOf(field);
  const accept: Acceptance = field.message === undefined ? acceptsNothing : compileAcceptance(field.message);
  const inner = field.message && compileCut(field.message, known);
  return function cutList(fields: Fields, path: string, state: State): void {
    const items = fields[field.localName] as Message[];
    const at = `${path}.${field.jsonName}`;
    if (items.length > most) {
      state.longLists.push({ field: at.slice(1), description });
      fields[field.localName] = [];
    } else if (inner !== undefined && accept !== acceptsNothing) {
      const kept: Message[] = [];
      for (const [index, item] of items.entries()) {
        if (state.left === 0) {
          state.isCut = true;
          break;
        }
        const isValid = accept(item);
        state.left -= isValid ? 0 : 1;
        kept.push(isValid ? item : inner(item, `${at}[${index}]`, state));
      }
      fields[field.localName] = kept;
    }
  };
}
