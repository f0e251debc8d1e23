import { contractSubjects, fixtureSubjects, fuzzCodecs, kinds } from "./fuzz-codecs.ts";

/**
 * Compares codecs on a number of random inputs. Prints how many inputs there were of each kind, and what share of them each
 * function left to slower code. Prints the inputs that make a difference, and returns whether there are none.
 */
export async function reportCodecs(seed: number, inputs: number): Promise<boolean> {
  console.log(`seed ${seed}, ${inputs} inputs`);
  const groups = {
    "the contract": await contractSubjects(),
    "fields of every kind": await fixtureSubjects(),
  };
  let isSame = true;
  for (const [name, subjects] of Object.entries(groups)) {
    const { cases, refused, findings } = fuzzCodecs(subjects, { seed, cases: inputs / 2 });
    console.log(`\n${name}: ${subjects.length} messages`);
    for (const kind of kinds.filter((each) => cases[each] > 0)) {
      const shares = Object.entries(refused)
        .filter(([key]) => key.startsWith(`${kind}: `))
        .map(([key, count]) => `${key.slice(kind.length + 2)} ${((100 * count) / cases[kind]).toFixed(1)} %`);
      console.log(`${kind}: ${cases[kind]}, left to slower code: ${shares.join(", ") || "none"}`);
    }
    for (const { message, kind, check, shown } of findings) {
      isSame = false;
      console.error(`\nFOUND ${check} of ${message}, ${kind}:\n${shown}`);
    }
  }
  return isSame;
}
