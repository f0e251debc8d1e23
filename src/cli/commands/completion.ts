import { Argument, Command } from "commander";

/** `mdps completion`: prints a script for shell completion of commands, options and values. */
export function completionCommand(): Command {
  return new Command("completion")
    .description("print a shell completion script")
    .addArgument(new Argument("<shell>", "shell to complete in").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      "\nExamples:\n  source <(mdps completion bash)     in ~/.bashrc\n" +
        "  source <(mdps completion zsh)      in ~/.zshrc, after compinit\n" +
        "  mdps completion fish > ~/.config/fish/completions/mdps.fish",
    )
    .action((shell: string, _: object, command: Command) => {
      const nodes = nodesOf(command.parent ?? command);
      const zsh = "autoload -U +X bashcompinit && bashcompinit\n";
      process.stdout.write(
        shell === "fish" ? fishScript(nodes) : `${shell === "zsh" ? zsh : ""}${bashScript(nodes)}`,
      );
    });
}

/** A command and what can follow it on the command line. */
type CommandNode = {
  /** Names of the command and its parents. */
  readonly path: readonly string[];
  readonly commands: readonly Command[];
  readonly options: readonly Flag[];
  /** Values of the first argument, if they are limited. */
  readonly values: readonly string[];
};

type Flag = {
  readonly long: string;
  readonly description: string;
  /** Allowed values; empty if any are, undefined for a flag without value. */
  readonly values: readonly string[] | undefined;
};

function nodesOf(command: Command, path: readonly string[] = []): CommandNode[] {
  const { commands, options } = command;
  const flags = options.flatMap(({ long, description, required, optional, argChoices }) =>
    long ? [{ long, description, values: required || optional ? (argChoices ?? []) : undefined }] : [],
  );
  const values = command.registeredArguments[0]?.argChoices ?? [];
  const help = { long: "--help", description: "display help for command", values: undefined };
  return [
    { path, commands, options: [...flags, help], values },
    ...commands.flatMap((each) => nodesOf(each, [...path, each.name()])),
  ];
}

/** Without suggestions of the script, readline completes file names. */
function bashScript(nodes: readonly CommandNode[]): string {
  const key = ({ path }: CommandNode) => path.map((name) => `/${name}`).join("");
  const commandKeys = nodes.filter(({ path }) => path.length > 0).map((node) => `"${key(node)}"`);
  const valueCases = nodes.flatMap((node) =>
    node.options.flatMap(({ long, values }) =>
      values === undefined ? [] : [`    "${key(node)} ${long}") words="${values.join(" ")}" ;;`],
    ),
  );
  const wordCases = nodes.map((node) => {
    const names = [...node.commands.map((command) => command.name()), ...node.values];
    return `      "${key(node)}") words="${[...names, ...node.options.map(({ long }) => long)].join(" ")}" ;;`;
  });
  return `_mdps() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" place="" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$place/\${COMP_WORDS[i]}" in
      ${commandKeys.join("|")}) place="$place/\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$place $before" in
${valueCases.join("\n")}
    *) case "$place" in
${wordCases.join("\n")}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _mdps mdps
`;
}

function fishScript(nodes: readonly CommandNode[]): string {
  const quote = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const lines = nodes.flatMap(({ path, commands, options, values }) => {
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
