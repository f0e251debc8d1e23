import { type DescField, type DescMessage, hasOption, type Message } from "@bufbuild/protobuf";
import type { Path } from "@bufbuild/protobuf/reflect";
import { message as messageOption } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { compileViolationCount, type ViolationCount } from "./acceptance.ts";

/** The part of a message that is worth validating. */
export type Excerpt = {
  readonly message: Message;
  /** Whether there are more violations than asked for, which may be missing. */
  readonly isCut: boolean;
  /** Returns a path with the indexes of the original message. */
  readonly pathOf: (path: Path) => Path;
};

/**
 * Returns a message whose lists have only invalid messages, with `mostViolations` violations and those of the last of
 * them. Protovalidate is slow and lists the violations of all items, so that it gets only what an error shows. The first
 * `mostViolations` violations are the same as those of the whole message.
 */
export type Excerpts = (message: Message, mostViolations: number) => Excerpt;

type Fields = Record<string, unknown>;
type State = {
  /** How many violations are missing. */
  left: number;
  isCut: boolean;
  /** Original indexes of the items of shortened lists. */
  readonly indexes: Map<unknown, readonly number[]>;
};
type Cut = (message: Message, state: State, isValid: boolean) => Message;

/** Compiles the excerpts of a message type. */
export function compileExcerpts(desc: DescMessage): Excerpts {
  const cut = compileCut(desc, new Map());
  return function excerptOf(message, mostViolations) {
    const state: State = { left: mostViolations, isCut: false, indexes: new Map() };
    const excerpt = cut(message, state, false);
    const { isCut, indexes } = state;
    return { message: excerpt, isCut, pathOf: (path) => originalPath(path, excerpt, indexes) };
  };
}

function originalPath(path: Path, excerpt: Message, indexes: State["indexes"]): Path {
  let value: unknown = excerpt;
  return path.map((part) => {
    const parent = value as Fields | undefined;
    if (part.kind === "list_sub") {
      value = parent?.[part.index];
      return { ...part, index: indexes.get(parent)?.[part.index] ?? part.index };
    }
    // Members of oneofs stay whole, so that nothing inside them has another index.
    value = part.kind === "field" ? parent?.[part.localName] : undefined;
    return part;
  });
}

function compileCut(desc: DescMessage, known: Map<DescMessage, Cut>): Cut {
  const earlier = known.get(desc);
  if (earlier !== undefined) {
    return earlier;
  }
  const cuts: ((fields: Fields, state: State, isValid: boolean) => void)[] = [];
  const cut: Cut = function cutMessage(message, state, isValid) {
    const copy = Object.create(Object.getPrototypeOf(message), Object.getOwnPropertyDescriptors(message));
    for (const each of cuts) {
      each(copy, state, isValid);
    }
    return copy;
  };
  known.set(desc, cut);
  // Other rules, such as a least number of items, may be broken because a list is shorter.
  if (compileViolationCount(desc) === undefined) {
    return cut;
  }
  for (const field of desc.fields) {
    // Members of oneofs and maps stay whole: the contract has no lists in them.
    if (field.fieldKind === "list" && field.message !== undefined) {
      const count = compileViolationCount(field.message);
      if (count !== undefined) {
        cuts.push(compileListCut(field, count, compileCut(field.message, known)));
      }
    } else if (field.fieldKind === "message" && field.oneof === undefined) {
      const inner = compileCut(field.message, known);
      cuts.push((fields, state, isValid) => {
        const value = fields[field.localName] as Message | undefined;
        if (value !== undefined) {
          fields[field.localName] = inner(value, state, isValid);
        }
      });
    }
  }
  return cut;
}

function compileListCut({ localName, parent }: DescField, count: ViolationCount, inner: Cut) {
  // The rules of a message may read the valid items of its lists.
  const keepsValid = hasOption(parent, messageOption);
  return function cutList(fields: Fields, state: State, isValid: boolean): void {
    const items = fields[localName] as Message[];
    if (isValid && !keepsValid) {
      // The first item stays, because a list with items satisfies `required`.
      fields[localName] = items.slice(0, 1);
      return;
    }
    const kept: Message[] = [];
    const indexes: number[] = [];
    for (let index = 0; index < items.length; index++) {
      const { left } = state;
      if (left <= 0) {
        state.isCut = true;
        break;
      }
      const each = items[index] as Message;
      const found = isValid ? 0 : count(each, left);
      if (found > 0 || keepsValid || index === 0) {
        kept.push(inner(each, state, found === 0));
        indexes.push(index);
      }
      state.left = Math.min(state.left, left - found);
    }
    fields[localName] = kept;
    state.indexes.set(kept, indexes);
  };
}
