import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { acceptsNothing, compileAcceptance } from "./acceptance.ts";

/** A part of a message that is worth validating, and whether items were left out. */
export type Excerpt = { readonly message: Message; readonly isCut: boolean };

/**
 * Returns a message whose lists end after `mostInvalid` invalid messages. Protovalidate lists the violations of all items,
 * so that it gets only as many as an error shows. No rule that the acceptance knows is broken because a list is shorter.
 */
export type Excerpts = (message: Message, mostInvalid: number) => Excerpt;

type Fields = Record<string, unknown>;
type State = { left: number; isCut: boolean };
type Cut = (message: Message, state: State) => Message;

/** Compiles the excerpts of a message type. */
export function compileExcerpts(desc: DescMessage): Excerpts {
  const cut = compileCut(desc, new Map());
  return function excerptOf(message, mostInvalid) {
    const state: State = { left: mostInvalid, isCut: false };
    const excerpt = cut(message, state);
    return { message: excerpt, isCut: state.isCut };
  };
}

function compileCut(desc: DescMessage, known: Map<DescMessage, Cut>): Cut {
  const earlier = known.get(desc);
  if (earlier !== undefined) {
    return earlier;
  }
  const cuts: ((fields: Fields, state: State) => void)[] = [];
  const cut: Cut = function cutMessage(message, state) {
    const copy = Object.create(Object.getPrototypeOf(message), Object.getOwnPropertyDescriptors(message));
    for (const each of cuts) {
      each(copy, state);
    }
    return copy;
  };
  known.set(desc, cut);
  for (const field of desc.fields) {
    // Members of oneofs and maps stay whole: the contract has no lists in them.
    if (field.fieldKind === "list" && field.message !== undefined) {
      cuts.push(compileListCut(field, field.message, known));
    } else if (field.fieldKind === "message" && field.oneof === undefined) {
      const inner = compileCut(field.message, known);
      cuts.push((fields, state) => {
        const value = fields[field.localName] as Message | undefined;
        if (value !== undefined) {
          fields[field.localName] = inner(value, state);
        }
      });
    }
  }
  return cut;
}

function compileListCut({ localName }: DescField, item: DescMessage, known: Map<DescMessage, Cut>) {
  const accept = compileAcceptance(item);
  const inner = compileCut(item, known);
  return function cutList(fields: Fields, state: State): void {
    if (accept === acceptsNothing) {
      return;
    }
    const kept: Message[] = [];
    for (const each of fields[localName] as Message[]) {
      if (state.left === 0) {
        state.isCut = true;
        break;
      }
      const isValid = accept(each);
      state.left -= isValid ? 0 : 1;
      kept.push(isValid ? each : inner(each, state));
    }
    fields[localName] = kept;
  };
}
