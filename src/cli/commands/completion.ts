import { Argument, Command } from "commander";

/** `mdps completion`: prints a script that lets a shell complete commands, options and their values. */
export function completionCommand(): Command {
  return new Command("completion")
    .description("print the script by which a shell completes mdps")
    .addArgument(new Argument("<shell>", "which shell").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      "\nExamples:\n  source <(mdps completion bash)     in ~/.bashrc\n" +
        "  source <(mdps completion zsh)      in ~/.zshrc, after compinit\n" +
        "  mdps completion fish > ~/.config/fish/completions/mdps.fish",
    )
    .action((shell: string, _: object, command: Command) => {
      const places = placesOf(command.parent ?? command);
      const zsh = "autoload -U +X bashcompinit && bashcompinit\n";
      process.stdout.write(
        shell === "fish" ? fishScript(places) : `${shell === "zsh" ? zsh : ""}${bashScript(places)}`,
      );
    });
}

/** A place on the command line, and what may follow there. */
type Place = {
  /** Names of the commands that lead to it. */
  readonly path: readonly string[];
  readonly commands: readonly Command[];
  readonly options: readonly Flag[];
  /** Values of the first argument, if they are known. */
  readonly values: readonly string[];
};

type Flag = {
  readonly long: string;
  readonly description: string;
  /** Values that it takes; empty for any, absent for none. */
  readonly values: readonly string[] | undefined;
};

function placesOf(command: Command, path: readonly string[] = []): Place[] {
  const { commands, options } = command;
  const flags = options.flatMap(({ long, description, required, optional, argChoices }) =>
    long ? [{ long, description, values: required || optional ? (argChoices ?? []) : undefined }] : [],
  );
  const values = command.registeredArguments[0]?.argChoices ?? [];
  const help = { long: "--help", description: "display help for command", values: undefined };
  return [
    { path, commands, options: [...flags, help], values },
    ...commands.flatMap((each) => placesOf(each, [...path, each.name()])),
  ];
}

/** Without a word of the script's own, readline completes the names of files. */
function bashScript(places: readonly Place[]): string {
  const key = ({ path }: Place) => path.map((name) => `/${name}`).join("");
  const deeper = places.filter(({ path }) => path.length > 0).map((place) => `"${key(place)}"`);
  const taking = places.flatMap((place) =>
    place.options.flatMap(({ long, values }) =>
      values === undefined ? [] : [`    "${key(place)} ${long}") words="${values.join(" ")}" ;;`],
    ),
  );
  const here = places.map((place) => {
    const names = [...place.commands.map((command) => command.name()), ...place.values];
    return `      "${key(place)}") words="${[...names, ...place.options.map(({ long }) => long)].join(" ")}" ;;`;
  });
  return `_mdps() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" place="" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$place/\${COMP_WORDS[i]}" in
      ${deeper.join("|")}) place="$place/\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$place $before" in
${taking.join("\n")}
    *) case "$place" in
${here.join("\n")}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _mdps mdps
`;
}

function fishScript(places: readonly Place[]): string {
  const quote = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const lines = places.flatMap(({ path, commands, options, values }) => {
    const inside = path.map((name) => `__fish_seen_subcommand_from ${name}`);
    const names = commands.map((command) => command.name());
    const outside = names.length === 0 ? [] : [`not __fish_seen_subcommand_from ${names.join(" ")}`];
    const where = [...inside, ...outside].join("; and ") || "true";
    return [
      ...commands.map((each) => `-f -a ${each.name()} -d ${quote(each.description())}`),
      ...(values.length === 0 ? [] : [`-f -a ${quote(values.join(" "))}`]),
      ...options.map((option) => {
        const taken =
          option.values === undefined
            ? ""
            : option.values.length === 0
              ? " -r"
              : ` -x -a ${quote(option.values.join(" "))}`;
        return `-l ${option.long.slice(2)} -d ${quote(option.description)}${taken}`;
      }),
    ].map((rest) => `complete -c mdps -n ${quote(where)} ${rest}`);
  });
  return `${lines.join("\n")}\n`;
}
