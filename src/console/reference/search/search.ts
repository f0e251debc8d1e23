import { type Contract, membersOf } from "../../contract/contract.ts";
import type { ContractEntry, ContractType } from "../../contract/document.ts";
import { plainText } from "../../contract/plain-text.ts";
import { textsOf } from "./entry-text.ts";

/** Something that a search has found. */
export type Hit = {
  readonly entry: ContractEntry;
  /** The service, message or enum that a member belongs to. */
  readonly parent?: ContractType;
};

/**
 * Searches the contract. Each word of a query must occur in a name, in a route, in the code of an error or in the comment.
 * The best hits are first.
 */
export type Search = (query: string) => readonly Hit[];

/** What is searched of an entry, in lower case. */
type Indexed = {
  readonly hit: Hit;
  readonly order: number;
  /** Names in the protos and in JSON, without separators. */
  readonly names: readonly string[];
  /** Names as they are written, with the type before them. */
  readonly written: readonly string[];
  /** The same with the name of the type before it. */
  readonly longNames: readonly string[];
  /** Words of the names: `plan`, `module`. */
  readonly words: ReadonlySet<string>;
  /** Routes, codes, HTTP statuses and types. */
  readonly facts: string;
  /** Comment and rules. */
  readonly text: string;
};

/** Creates the search of a contract. */
export function createSearch({ document }: Contract): Search {
  const foreign = new Set(document.packages.filter(({ isForeign }) => isForeign).map(({ name }) => name));
  const all = document.types.flatMap((type) => [
    indexed({ entry: type }, type, foreign.has(type.package)),
    ...membersOf(type).map((entry) => indexed({ entry, parent: type }, type, foreign.has(type.package))),
  ]);
  return (query) => {
    const terms = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (terms.length === 0) {
      return [];
    }
    return all
      .map((each) => ({ each, score: scoreOf(each, terms, query.trim()) }))
      .filter(({ score }) => score > 0)
      .toSorted((a, b) => b.score - a.score || a.each.order - b.each.order)
      .map(({ each }) => each.hit);
  };
}

/** How much more a hit in one place is worth than in another. */
const worth = {
  writtenName: 900,
  writtenInOtherCase: 600,
  exactName: 400,
  startOfName: 80,
  word: 60,
  startOfWord: 50,
  inName: 40,
  inLongName: 30,
  fact: 25,
  startOfTextWord: 10,
  inText: 4,
};

function scoreOf(indexed: Indexed, terms: readonly string[], query: string): number {
  let score = wholeScore(indexed, query);
  const isNamed = score > 0;
  for (const term of terms) {
    const termScore = scoreOfTerm(indexed, term);
    if (termScore === 0 && !isNamed) {
      return 0;
    }
    score += termScore;
  }
  return score;
}

function wholeScore({ written, names, longNames }: Indexed, query: string): number {
  const whole = squashed(query);
  if (whole === "") {
    return 0;
  }
  if (written.includes(query)) {
    return worth.writtenName;
  }
  if (written.some((name) => name.toLowerCase() === query.toLowerCase())) {
    return worth.writtenInOtherCase;
  }
  if (names.includes(whole) || longNames.includes(whole)) {
    return worth.exactName;
  }
  return names.some((name) => name.startsWith(whole)) ? worth.startOfName : 0;
}

function scoreOfTerm({ names, longNames, words, facts, text }: Indexed, term: string): number {
  const plain = squashed(term);
  if (plain !== "") {
    if (words.has(plain)) {
      return worth.word;
    }
    if ([...words].some((word) => word.startsWith(plain))) {
      return worth.startOfWord;
    }
    if (names.some((name) => name.includes(plain))) {
      return worth.inName;
    }
    if (longNames.some((name) => name.includes(plain))) {
      return worth.inLongName;
    }
  }
  if (facts.includes(term)) {
    return worth.fact;
  }
  if (text.includes(` ${term}`)) {
    return worth.startOfTextWord;
  }
  return text.includes(term) ? worth.inText : 0;
}

/** Which kind comes first among hits of the same score. */
const kinds: readonly ContractEntry["kind"][] = ["service", "method", "message", "enum", "value", "field"];

function indexed(hit: Hit, type: ContractType, isForeign: boolean): Indexed {
  const { entry, parent } = hit;
  const last = entry.name.slice(entry.name.lastIndexOf(".") + 1);
  const own = entry.kind === "field" ? [entry.name, entry.jsonName] : [entry.name, last];
  const long =
    parent === undefined ? [] : own.flatMap((name) => [`${type.name}.${name}`, `${type.fullName}.${name}`]);
  return {
    hit,
    order: kinds.indexOf(entry.kind) + (entry.deprecated ? 10 : 0) + (isForeign ? 20 : 0),
    written: [...long, entry.fullName, entry.name],
    names: own.map(squashed),
    longNames: [...long, entry.fullName].map(squashed),
    words: new Set(own.flatMap(wordsOf)),
    facts: factsOf(entry).join(" ").toLowerCase(),
    text: ` ${textsOf(entry).join(" ")}`.toLowerCase().replaceAll(/[^\p{L}\p{N}_.]+/gu, " "),
  };
}

function factsOf(entry: ContractEntry): string[] {
  switch (entry.kind) {
    case "service":
      return [entry.host ?? "", ...entry.scopes];
    case "method":
      return [
        ...entry.routes,
        entry.path,
        plainText(entry.request.type),
        plainText(entry.response.type),
        ...entry.errors.flatMap(({ status, code, reasons }) => [
          String(status),
          code,
          ...reasons.map((reason) => reason.slice(reason.lastIndexOf(".") + 1)),
        ]),
      ];
    case "field":
      return [plainText(entry.type), entry.oneof ?? ""];
    case "value":
      return entry.reason ? [entry.reason.code, String(entry.reason.status), ...entry.reason.metadata] : [];
    default:
      return [];
  }
}

/** Returns a name without separators, so that `plan_id`, `planId` and `plan id` are one. */
function squashed(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

/** Returns the words of a name: of `planModules` and `PLAN_MODULES` they are `plan` and `modules`. */
function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}
